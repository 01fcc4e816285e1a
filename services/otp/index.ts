export { OtpConfig } from './config.ts';
export { otpMigrations } from './migrations.ts';
export { startOtp } from './start-otp.ts';

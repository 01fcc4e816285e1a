import { readConfig } from '@sallyport/config';
import { runPart } from '@sallyport/http';
import { OtpConfig } from './config.ts';
import { startOtp } from './start-otp.ts';

await runPart('otp', process.env, (env) => startOtp(readConfig(OtpConfig, env)));

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { codeAt, readOtpauthUri } from '../../../test/support/authenticator.ts';
import { databaseMissing } from '../../../test/support/database.ts';
import { readQr } from '../../../test/support/qr-reader.ts';
import { createOwner, events, ownerOf, startEnrolment, tally, times } from '../testing/owner.ts';
import { startTestOtp, type TestOtp } from '../testing/start-test-otp.ts';

const skip = databaseMissing;
let service: TestOtp;
before(async () => {
  if (!skip) service = await startTestOtp();
});
after(() => service?.[Symbol.asyncDispose]());

const confirm = async (id: string, otp: string) =>
  (await service.post('/enrolments/confirm', { user_id: id, attempt_id: randomUUID(), otp })).body;
const code = (secret: string, offset = 0) => codeAt(secret, service.clock.nowMs + offset * 30_000);
const wrong = (secret: string) => (code(secret) === '000000' || code(secret, 1) === '000000' ? '111111' : '000000');

test('shows the same secret in the answer, the URI and the QR code', { skip }, async () => {
  const id = randomUUID();
  const started = await startEnrolment(service, id, 'ada@example.com');
  assert.equal(started.expires_in, 600);
  const read = readOtpauthUri(started.otpauth_uri);
  assert.equal(read.secret, started.secret);
  assert.equal(read.label, 'Sallyport:ada@example.com');
  const png = Buffer.from(started.qr_code.split(',')[1], 'base64');
  assert.equal(await readQr(png), started.otpauth_uri);
  const image = await service.get('/qr_code', id);
  assert.equal(image.headers['content-type'], 'image/png');
  assert.equal(image.headers['cache-control'], 'no-store');
  assert.equal(await readQr(image.body), started.otpauth_uri);
});

test('gives the QR code as SVG where that is asked for, else as PNG, else says that none is pending', {
  skip,
}, async () => {
  const id = randomUUID();
  await startEnrolment(service, id);
  const svg = await service.get('/qr_code', id).set('Accept', 'image/svg+xml');
  assert.equal(svg.headers['content-type'], 'image/svg+xml');
  assert.match(svg.body.toString(), /^<svg/);
  for (const accept of ['*/*', 'image/*', 'text/html', 'image/svg+xml;q=0.1, image/png']) {
    const png = await service.get('/qr_code', id).set('Accept', accept);
    assert.equal(png.headers['content-type'], 'image/png', accept);
  }
  for (const subject of [randomUUID(), undefined]) {
    const none = await service.get('/qr_code', subject);
    assert.equal(none.status, 404);
    assert.equal(none.body.code ?? JSON.parse(none.text).code, 'no-pending-enrolment');
  }
});

test('gives one of twenty confirmations at once the factor, with one set of codes', { skip }, async () => {
  for (let round = 0; round < 5; round++) {
    const id = randomUUID();
    const { secret } = await startEnrolment(service, id);
    const answers = await times(20, (at) => confirm(id, code(secret, (at % 3) - 1)));
    assert.equal(tally(answers).confirmed, 1, JSON.stringify(tally(answers)));
    const { factor_version: version, recovery_codes: codes } = answers.find(({ outcome }) => outcome === 'confirmed');
    assert.equal(version, 1);
    assert.equal(new Set(codes).size, 10);
    assert.equal((await service.get(`/factors/${id}`)).body.recovery_codes_left, 10);
    assert.equal((await events(service, id))['otp.enabled'], 1);
    assert.equal((await service.get('/qr_code', id)).status, 404);
  }
});

test('spends the code that confirms', { skip }, async () => {
  const id = randomUUID();
  const { secret } = await startEnrolment(service, id);
  assert.equal((await confirm(id, code(secret))).outcome, 'confirmed');
  const owner = ownerOf(service, id, secret, []);
  assert.equal((await owner.use(owner.code())).reason, 'used-code');
  assert.equal((await owner.use(owner.code(1))).outcome, 'accepted');
});

test('gives a pending enrolment five tries, and none once it lapsed', { skip }, async () => {
  const id = randomUUID();
  const { secret } = await startEnrolment(service, id);
  const answers = await times(8, () => confirm(id, wrong(secret)));
  assert.deepEqual(tally(answers), { 'wrong-code': 5, 'no-pending-enrolment': 3 });
  assert.equal((await confirm(id, code(secret))).outcome, 'no-pending-enrolment');
  assert.equal((await events(service, id))['otp.failed'], 5);
  assert.equal((await service.get('/qr_code', id)).status, 404);

  const again = await startEnrolment(service, id);
  await service.db.query('update otp.enrolment set expires_at = clock_timestamp() where user_id = $1', [id]);
  assert.equal((await confirm(id, code(again.secret))).outcome, 'no-pending-enrolment');
  assert.equal((await service.get(`/factors/${id}`)).body.active, false);
});

test('confirms only the newest secret', { skip }, async () => {
  const id = randomUUID();
  const first = await startEnrolment(service, id);
  const second = await startEnrolment(service, id);
  assert.notEqual(first.secret, second.secret);
  assert.equal((await confirm(id, code(first.secret))).outcome, 'rejected');
  assert.equal((await confirm(id, code(second.secret))).outcome, 'confirmed');
});

test('refuses setup and confirmation while a factor is active', { skip }, async () => {
  const owner = await createOwner(service);
  const setup = await service.post('/enrolments', { user_id: owner.id, username: 'ada' });
  assert.deepEqual(setup.body, { outcome: 'already-enabled' });
  assert.deepEqual(await confirm(owner.id, owner.code()), { outcome: 'already-enabled' });
  assert.equal((await owner.use(owner.code())).outcome, 'accepted');
});

test('refuses a code that is no six digits and takes no try', { skip }, async () => {
  const id = randomUUID();
  await startEnrolment(service, id);
  const answer = await service.post('/enrolments/confirm', { user_id: id, attempt_id: randomUUID(), otp: '12345' });
  assert.equal(answer.status, 422);
  assert.deepEqual(await service.db.query('select attempts from otp.enrolment where user_id = $1', [id]), [
    { attempts: 0 },
  ]);
});

test('refuses a pending secret that was put in from another account', { skip }, async () => {
  const [ada, bob] = [randomUUID(), randomUUID()];
  await startEnrolment(service, ada);
  const { secret } = await startEnrolment(service, bob);
  await service.db.query(
    `update otp.enrolment a set enrolment_id = b.enrolment_id, nonce = b.nonce, ciphertext = b.ciphertext
     from otp.enrolment b where a.user_id = $1 and b.user_id = $2`,
    [ada, bob],
  );
  assert.equal((await confirm(ada, code(secret))).reason, 'wrong-code');
  assert.equal((await service.get('/qr_code', ada)).status, 404);
});

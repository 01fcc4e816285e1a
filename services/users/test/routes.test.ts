import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { EventBody } from '@sallyport/audit/record';
import { FlagPage, users } from '@sallyport/contracts';
import { signServiceToken } from '@sallyport/http';
import supertest from 'supertest';
import { databaseMissing } from '../../../test/support/database.ts';
import { countEvents, openUsersDatabase, request, secret, signUp, startOver } from './start-test-users.ts';

suite('the calls of users', { skip: databaseMissing }, () => {
  let database: Awaited<ReturnType<typeof openUsersDatabase>>;
  let started: Awaited<ReturnType<typeof startOver>>;
  before(async () => {
    database = await openUsersDatabase();
    started = await startOver(database.url);
  });
  after(async () => {
    await started[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const call: (typeof started)['call'] = (...given) => started.call(...given);

  test('without the gateway’s token nothing is done', async () => {
    const outside = supertest(started.part.url);
    const body = { username: 'intruder', password: 'correct horse' };
    assert.equal((await outside.post('/accounts').send(body)).status, 401);
    const foreign = signServiceToken('otp', [secret], Date.now, { context: request });
    assert.equal((await outside.post('/accounts').set('Authorization', `Bearer ${foreign}`).send(body)).status, 401);
    const late = signServiceToken('users', [secret], () => Date.now() - 120_000, { context: request });
    assert.equal((await outside.post('/accounts').set('Authorization', `Bearer ${late}`).send(body)).status, 401);
    assert.equal((await database.db.query(`select from users.account where username = 'intruder'`)).length, 0);
  });

  test('a signup stores the account and its event together, and answers both', async () => {
    const answer = await call('post', '/accounts', { username: ' Álice@Example ', password: 'correct horse' });
    assert.equal(answer.status, 200);
    const created = users.AccountCreation.parse(answer.body);
    assert.ok(created.outcome === 'created');
    assert.equal(created.account.username, 'álice@example');
    const [event] = created.events;
    const body = EventBody.parse(JSON.parse(event?.body ?? ''));
    assert.equal(body.type, 'sallyport.user.signed_up');
    assert.equal(body.subject, created.account.id);
    assert.equal(body.data.personal.ip, request.ip);
    assert.equal(body.data.session_id, request.session_id);
    const [stored] = await database.db.query('select body from users.outbox where event_id = $1', [event?.id]);
    assert.deepEqual(stored, { body: event?.body });
    assert.doesNotMatch(event?.body ?? '', /correct horse/);
  });

  test('twenty signups of one name at once give one account and one event', async () => {
    const earlier = await countEvents(database.db, 'sallyport.user.signed_up');
    const forms = ['Twin', 'twin', 'ｔｗｉｎ', 'TWIN'];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        call('post', '/accounts', { username: forms[at % 4], password: 'correct horse' }),
      ),
    );
    const outcomes = answers.map((answer) => users.AccountCreation.parse(answer.body).outcome);
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'username-taken').length, 19);
    assert.equal(await countEvents(database.db, 'sallyport.user.signed_up'), earlier + 1);
  });

  test('weak passwords are an outcome, unusable names and passwords are 422', async () => {
    const weak = await call('post', '/accounts', { username: 'weakling', password: 'Password' });
    assert.deepEqual(weak.body, { outcome: 'weak-password', reason: 'common' });
    const short = await call('post', '/accounts', { username: 'weakling', password: 'kz3!pqv' });
    assert.deepEqual(short.body, { outcome: 'weak-password', reason: 'too-short' });
    const own = await call('post', '/accounts', { username: 'weakling', password: 'WeakLing' });
    assert.deepEqual(own.body, { outcome: 'weak-password', reason: 'common' });
    for (const [path, username, password] of [
      ['password', 'weakling', 'x'.repeat(257)],
      ['username', 'a b c', 'correct horse'],
      ['username', 'ab', 'correct horse'],
    ] as const) {
      const answer = await call('post', '/accounts', { username, password });
      assert.equal(answer.status, 422);
      assert.equal(answer.body.errors[0].path, path);
    }
  });

  test('ill-formed Unicode is 422 and never the replacement character', async () => {
    await signUp(call, 'surrogate', 'correct \ufffd horse');
    const token = signServiceToken('users', [secret], Date.now, { context: request });
    const answer = await supertest(started.part.url)
      .post('/passwords/verify')
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/json')
      .send('{"username":"surrogate","password":"correct \\ud800 horse"}');
    assert.equal(answer.status, 422);
  });

  test('a password is verified by any form of the name, and by id', async () => {
    const id = await signUp(call, 'Carol');
    for (const claim of [{ username: 'ＣＡＲＯＬ' }, { username: 'carol' }, { account_id: id }]) {
      const answer = await call('post', '/passwords/verify', { ...claim, password: 'correct horse' });
      const result = users.PasswordVerification.parse(answer.body);
      assert.ok(result.outcome === 'accepted');
      assert.equal(result.account.id, id);
    }
  });

  test('wrong, unknown, unusable and locked are rejections with their reason', async () => {
    const id = await signUp(call, 'dave');
    const verify = async (claim: object) => (await call('post', '/passwords/verify', claim)).body;
    const rejected = (reason: string, account_id: string | null) => ({ outcome: 'rejected', reason, account_id });
    assert.deepEqual(await verify({ username: 'dave', password: 'x' }), rejected('wrong-password', id));
    for (const username of ['nobody', 'a\0b c', '']) {
      assert.deepEqual(await verify({ username, password: 'x' }), rejected('unknown-account', null));
    }
    const stranger = { account_id: randomUUID(), password: 'x' };
    assert.deepEqual(await verify(stranger), rejected('unknown-account', null));
    await database.db.query('update users.account set locked_at = now() where id = $1', [id]);
    assert.deepEqual(await verify({ username: 'dave', password: 'x' }), rejected('wrong-password', id));
    assert.deepEqual(await verify({ username: 'dave', password: 'correct horse' }), rejected('account-locked', id));
  });

  test('every attempt costs exactly one hash, whoever it is, and a weak new password none', async () => {
    const id = await signUp(call, 'erin');
    const hashes = async () => {
      const { text } = await supertest(started.part.opsUrl).get('/metrics');
      return Number(/^users_hashes_total\{outcome="done"\} (\d+)$/m.exec(text)?.[1]);
    };
    const spent = async (claim: object) => {
      const earlier = await hashes();
      await call('post', '/passwords/verify', claim);
      return (await hashes()) - earlier;
    };
    assert.equal(await spent({ username: 'erin', password: 'correct horse' }), 1);
    assert.equal(await spent({ username: 'erin', password: 'wrong' }), 1);
    assert.equal(await spent({ username: 'nobody at all', password: 'wrong' }), 1);
    assert.equal(await spent({ username: 'nobody', password: 'wrong' }), 1);
    assert.equal(await spent({ account_id: id, password: 'correct horse', new_password: 'another horse' }), 1);
    assert.equal(await spent({ account_id: id, password: 'correct horse', new_password: 'password' }), 0);
    assert.equal(await spent({ account_id: id, password: 'correct horse', new_password: 'x'.repeat(257) }), 0);
    await database.db.query('update users.account set locked_at = clock_timestamp() where id = $1', [id]);
    assert.equal(await spent({ username: 'erin', password: 'correct horse' }), 1);
    assert.equal(await spent({ username: 'erin', password: 'wrong' }), 1);
  });

  test('of two changes at once one happens, and the old password is over', async () => {
    const id = await signUp(call, 'frank');
    const earlier = await countEvents(database.db, 'sallyport.password.changed');
    const answers = await Promise.all(
      ['battery staple 1', 'battery staple 2'].map((new_password) =>
        call('put', `/accounts/${id}/password`, { epoch: 1, new_password }),
      ),
    );
    const results = answers.map((answer) => users.PasswordChange.parse(answer.body));
    assert.deepEqual(results.map((result) => result.outcome).sort(), ['changed', 'overtaken']);
    const changed = results.find((result) => result.outcome === 'changed');
    assert.equal(changed?.account.epoch, 2);
    assert.equal(await countEvents(database.db, 'sallyport.password.changed'), earlier + 1);
    const old = await call('post', '/passwords/verify', { username: 'frank', password: 'correct horse' });
    assert.equal(old.body.reason, 'wrong-password');
  });

  test('a change of a locked, unknown or changed account is overtaken', async () => {
    const id = await signUp(call, 'grace');
    const change = async (of: string, epoch: number) =>
      (await call('put', `/accounts/${of}/password`, { epoch, new_password: 'battery staple' })).body;
    assert.deepEqual(await change(id, 2), { outcome: 'overtaken' });
    assert.deepEqual(await change(randomUUID(), 1), { outcome: 'overtaken' });
    await database.db.query('update users.account set locked_at = now() where id = $1', [id]);
    assert.deepEqual(await change(id, 1), { outcome: 'overtaken' });
  });

  test('an account is found by id', async () => {
    const id = await signUp(call, 'heidi');
    const found = users.AccountLookup.parse((await call('get', `/accounts/${id}`)).body);
    assert.equal(found.outcome === 'found' && found.account.username, 'heidi');
    assert.deepEqual((await call('get', `/accounts/${randomUUID()}`)).body, { outcome: 'unknown-account' });
    assert.equal((await call('get', '/accounts/nonsense')).status, 422);
  });

  test('the flag only ever follows a later version of the factor, in whatever order they come', async () => {
    const id = await signUp(call, 'ivan');
    const set = (factor_version: number, otp_enabled: boolean) =>
      call('put', `/accounts/${id}/otp_flag`, { otp_enabled, factor_version });
    const answers = await Promise.all([3, 1, 5, 2, 4].map((version) => set(version, version % 2 === 1)));
    for (const answer of answers) users.FlagChange.parse(answer.body);
    const late = await set(2, false);
    assert.deepEqual(late.body, { otp_enabled: true, factor_version: 5 });
    const unknown = await call('put', `/accounts/${randomUUID()}/otp_flag`, { otp_enabled: true, factor_version: 1 });
    assert.equal(unknown.status, 404);
  });

  test('flags come in pages, each account once', async () => {
    const ids: string[] = [];
    for (let after = ''; ; ) {
      const { flags } = FlagPage.parse((await call('get', `/flags?limit=3${after && `&after=${after}`}`)).body);
      if (flags.length === 0) break;
      ids.push(...flags.map((flag) => flag.id));
      after = ids.at(-1) ?? '';
    }
    const all = await database.db.query<{ id: string }>('select id from users.account order by id');
    assert.deepEqual(
      ids,
      all.map((row) => row.id),
    );
  });

  test('events wait until they are acknowledged', async () => {
    await database.db.query(`update users.outbox set recorded_at = recorded_at - interval '2 seconds'`);
    const { events } = (await call('get', '/events')).body;
    assert.ok(events.length > 0);
    await call('post', '/events/acknowledge', { ids: events.map((event: { id: string }) => event.id) });
    assert.deepEqual((await call('get', '/events')).body, { events: [] });
  });

  test('other methods are 405, other paths 404', async () => {
    assert.equal((await call('put', '/accounts')).status, 405);
    assert.equal((await call('get', '/nothing')).status, 404);
  });
});

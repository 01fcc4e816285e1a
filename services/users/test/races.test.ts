import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { databaseMissing } from '../../../test/support/database.ts';
import { replaceHash } from '../store/replace-hash.ts';
import { updatePassword } from '../store/update-password.ts';
import { openUsersDatabase, pepper, signUp, startOver } from './start-test-users.ts';

suite('a password between two hashes', { skip: databaseMissing }, () => {
  test('a hash is made anew at the next login after the cost or the pepper changed', async () => {
    await using database = await openUsersDatabase();
    const id = await (async () => {
      await using earlier = await startOver(database.url);
      return await signUp(earlier.call, 'alice');
    })();
    const stored = async () => {
      const [row] = await database.db.query<{ password_hash: string; pepper_id: string }>(
        'select password_hash, pepper_id from users.account where id = $1',
        [id],
      );
      return `${row?.pepper_id} ${row?.password_hash.slice(0, 7)}`;
    };
    assert.equal(await stored(), 'a $2b$04$');
    await using later = await startOver(database.url, {
      BCRYPT_COST: '5',
      PASSWORD_PEPPERS: `${pepper('b', 2)},${pepper('a', 1)}`,
    });
    const verify = (password: string) => later.call('post', '/passwords/verify', { username: 'alice', password });
    assert.equal((await verify('wrong')).body.outcome, 'rejected');
    assert.equal(await stored(), 'a $2b$04$');
    assert.equal((await verify('correct horse')).body.outcome, 'accepted');
    assert.equal(await stored(), 'b $2b$05$');
    assert.equal((await verify('correct horse')).body.account.epoch, 1);
  });

  test('a login in flight does not bring the old password back', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url);
    const id = await signUp(started.call, 'alice');
    const [old] = await database.db.query<{ hash: string; pepperId: string }>(
      'select password_hash as hash, pepper_id as "pepperId" from users.account',
    );
    assert.ok(old);
    await started.call('put', `/accounts/${id}/password`, { epoch: 1, new_password: 'battery staple' });
    await replaceHash(database.db, { id, verified: old, renewed: old });
    const verify = (password: string) => started.call('post', '/passwords/verify', { username: 'alice', password });
    assert.equal((await verify('battery staple')).body.outcome, 'accepted');
    assert.equal((await verify('correct horse')).body.outcome, 'rejected');
  });

  test('a change that was hashing while the account was locked does not happen', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url);
    const id = await signUp(started.call, 'alice');
    await database.db.query('update users.account set locked_at = now()');
    const event = { id: randomUUID(), body: '{}' };
    const change = { id, epoch: 1, hash: { hash: `$2b$04$${'.'.repeat(53)}`, pepperId: 'a' } };
    assert.equal(await updatePassword(database.db, change, event), undefined);
    assert.equal((await database.db.query('select from users.outbox where event_id = $1', [event.id])).length, 0);
  });

  test('a change that was hashing while another one happened does not happen', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url);
    const id = await signUp(started.call, 'alice');
    await database.db.query('update users.account set epoch = epoch + 1');
    const event = { id: randomUUID(), body: '{}' };
    const change = { id, epoch: 1, hash: { hash: `$2b$04$${'.'.repeat(53)}`, pepperId: 'a' } };
    assert.equal(await updatePassword(database.db, change, event), undefined);
    assert.equal((await database.db.query('select from users.outbox where event_id = $1', [event.id])).length, 0);
  });

  test('logins that renew race a change of the password: the new one stands', async () => {
    await using database = await openUsersDatabase();
    for (let round = 0; round < 4; round++) {
      const name = `alice-${round}`;
      const id = await (async () => {
        await using earlier = await startOver(database.url);
        return await signUp(earlier.call, name);
      })();
      await using later = await startOver(database.url, { BCRYPT_COST: '6' });
      const verify = (password: string) => later.call('post', '/passwords/verify', { username: name, password });
      const [change] = await Promise.all([
        later.call('put', `/accounts/${id}/password`, { epoch: 1, new_password: 'battery staple' }),
        ...Array.from({ length: 8 }, () => verify('correct horse')),
      ]);
      assert.equal(change.body.outcome, 'changed');
      assert.equal((await verify('battery staple')).body.outcome, 'accepted');
      assert.equal((await verify('correct horse')).body.outcome, 'rejected');
    }
  });
});

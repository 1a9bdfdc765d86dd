// A login with a code by text message at Messente Verigator, tested without an account and without waiting.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Emulator } from './auth-emulator.mjs';

let emulator;
before(async () => { emulator = await Emulator.start(); });
beforeEach(() => emulator.reset());
after(() => emulator.stop());

// The code under test; yours is a client of whatever kind.
async function call(method, path, body, password) {
  const env = emulator.env('verigator');
  const response = await fetch(`${env.VERIGATOR_BASE_URL}/v1/service${path}`, {
    method,
    headers: {
      'X-Service-Auth': `${env.VERIGATOR_USERNAME}:${password ?? env.VERIGATOR_PASSWORD}`,
      Accept: 'application/json',
      'Content-Type': 'application/json',
    },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, id: response.headers.get('x-emulator-request-id'), body: await response.json().catch(() => null) };
}

// A login of anna that waits for her code: its path.
async function started() {
  const service = await call('POST', '/service', { fqdn: 'coffeeshop.com', name: 'CoffeeShop' });
  const users = `/service/${service.body.id}/users`;
  const user = await call('POST', users, { id_in_service: 'anna', phone_number: '+37251000001' });
  const path = `${users}/${user.body.id}/auth`;
  await call('POST', path, { method: 'sms' });
  return path;
}

test('the code logs anna in', async () => {
  const path = await started();
  const [code] = await emulator.codes('anna');
  assert.equal((await call('PUT', path, { token: code.code })).body.verified, true);
});

test('codes expire', async () => {
  const path = await started();
  const [code] = await emulator.codes('anna');
  await emulator.advance(301);
  assert.equal((await call('PUT', path, { token: code.code })).body.verified, false);
});

test('an outage sends no message', async () => {
  await emulator.failNext('verigator', 503, { method: 'POST' });
  assert.equal((await call('POST', '/service', { fqdn: 'coffeeshop.com', name: 'CoffeeShop' })).status, 503);
  assert.deepEqual(await emulator.control('GET', '/effects'), {});
});

test('a wrong password is explained', async () => {
  const refused = await call('GET', '/service/1', undefined, 'wrong');
  assert.equal(refused.status, 401);
  assert.match((await emulator.explain(refused.id)).join(), /^credential: /);
});

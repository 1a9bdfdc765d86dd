// The emulator in tests with Node.js: copy this file beside your tests. It requires Node.js 18 and the program `auth-emulator`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export class Emulator {
  constructor(ready, child) {
    this.ready = ready;
    this.child = child;
  }

  /** Starts the program, for example with '--seed', '7', '--set', 'virtuous.calls_per_hour=10'. */
  static async start(...args) {
    const program = process.env.AUTH_EMULATOR || 'auth-emulator';
    // A child stops when its standard input ends, so also if these tests are killed.
    const child = spawn(program, ['serve', '--child', '--log', 'warn', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = once(child, 'error').then(([error]) => {
      throw new Error(`${program} can't be started (${error.code}); set AUTH_EMULATOR, or run: cargo install --path crates/auth-emulator`);
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${program} ended with exit code ${code}; its message is above`);
    });
    failed.catch(() => {});
    ended.catch(() => {});
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed, ended]);
    return new Emulator(JSON.parse(line), child);
  }

  /** The emulator that `auth-emulator serve --ready-file` has started. */
  static async attach(readyFile) {
    return new Emulator(JSON.parse(await readFile(readyFile, 'utf8')));
  }

  /** A separate emulator in the same process, for tests in parallel. Its base URLs are others. */
  async namespace(name) {
    return new Emulator(await this.control('POST', '/namespaces', { name }));
  }

  async stop() {
    if (!this.child) return;
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }

  /** The environment variables that configure a client, base URL included. */
  env(provider) {
    return this.ready.providers[provider].env;
  }

  /** Calls the control API; GET /catalog lists what there is. */
  async control(method, path, body) {
    const response = await fetch(this.ready.control.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.ready.control.token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const json = await response.json();
    if (!response.ok) throw new Error(json.error.message);
    return json;
  }

  /** The codes and push requests that a person would see now. */
  codes(subject) {
    return this.control('GET', `/pending-codes?${new URLSearchParams(subject ? { subject } : {})}`);
  }

  /** 'approve', 'deny' or 'expire'. */
  decide(id, decision) {
    return this.control('POST', `/pending-codes/${encodeURIComponent(id)}/${decision}`);
  }

  /** Moves the clock forward instead of waiting. */
  advance(seconds) {
    return this.control('POST', '/clock', { advance_seconds: seconds });
  }

  /** Makes the next request fail; { times: 2, method: 'GET' } and others narrow it. */
  failNext(provider, status, rule = {}) {
    return this.control('POST', '/faults', { provider, fault: { status }, ...rule });
  }

  /** Why a request was rejected; the id is the response's x-emulator-request-id. */
  async explain(requestId) {
    const { checks } = await this.control('GET', `/explain/${requestId}`);
    return checks.filter((check) => check.outcome === 'fail').map((check) => `${check.check}: ${check.reason}`);
  }

  reset(what = 'all') {
    return this.control('POST', `/reset/${what}`);
  }
}

'use strict';
// Everything here is a call of the control API, and everything from a vendor or an application is inserted as text.
const $ = (id) => document.getElementById(id);
const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick' || name === 'onchange' || name === 'onsubmit') node[name] = value;
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
};
const LIMIT = 1000;
const HIDDEN = '[redacted]';
const STOPPED = 'The emulator has stopped; reconnecting.';
const UNKNOWN = 'The emulator does not know this token. Without --seed, each start has another one.';
const entries = new Map(); // by request id, oldest first
const hash = new URLSearchParams(location.hash.slice(1));
const space = hash.get('namespace') || 'default';
const prefix = space === 'default' ? '' : '/ns/' + encodeURIComponent(space);
const narrow = matchMedia('(max-width: 800px)');
let token = hash.get('token') || '';
let providers = [], catalog = [], health = {}, chosen = '', tabStop = '', onlyRefused = false, paused = false, missed = false;
let last = '', refusals = 0, ended = false, webhooksChanged = true;

function problem(message) {
  $('problem').textContent = message || '';
  $('problem').hidden = !message;
}
const tell = (error) => { if (!ended) problem(error.message); };

async function api(method, path, body, at = prefix) {
  const options = { method, headers: { Authorization: 'Bearer ' + token }, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await fetch(at + path, options).catch(() => { throw new Error(STOPPED); });
  const json = await response.json().catch(() => null);
  if (!response.ok) throw new Error(response.status === 401 ? UNKNOWN : json?.error?.message || 'status ' + response.status);
  return json;
}

// What a person does: shown as curl, so that the page teaches the API.
async function act(method, path, body, at = prefix) {
  const data = body === undefined ? '' : ` -d ${shell(JSON.stringify(body))}`;
  $('curl').hidden = false;
  $('curl').querySelector('code').textContent =
    `curl -X ${method} -H "Authorization: Bearer $token" "$control${at}${path}"${data}`;
  try {
    problem();
    const result = await api(method, path, body, at);
    await refresh();
    return result;
  } catch (error) {
    tell(error);
    return undefined;
  }
}

const copy = (text) => navigator.clipboard?.writeText(text).catch(() => problem('the browser does not allow copying'));
const button = (label, onclick, attributes = {}) => el('button', { type: 'button', onclick, ...attributes }, label);
const option = (name) => el('option', {}, name);

// ---- the list of requests

const failed = (entry) => entry.checks.find((check) => check.outcome === 'fail');
const reason = (entry) => entry.fault ? `fault: ${entry.fault}` : failed(entry)?.reason || '';

// open, ok, refused, closed, or fault: what a rule injected was not refused.
function kindOf(entry) {
  if (!entry.response) return 'open';
  const failure = failed(entry);
  if (entry.fault && (!failure || failure.check === 'fault')) return 'fault';
  if (entry.status === null) return 'closed';
  return entry.status >= 400 ? 'refused' : 'ok';
}
const WORDS = { open: '…', closed: 'closed', refused: 'refused', fault: 'fault', ok: '' };
const outcome = ({ entry, kind }) => [entry.status, WORDS[kind]].filter(Boolean).join(' ');
const isRefused = (one) => one.kind === 'refused' || one.kind === 'closed';

function wanted(one) {
  const { entry } = one, find = $('find').value.trim().toLowerCase();
  return (!onlyRefused || isRefused(one)) && (!$('provider').value || entry.provider === $('provider').value)
    && (!$('operation').value || entry.operation === $('operation').value)
    && (!$('status').value || String(entry.status) === $('status').value)
    && find.split(/\s+/).every((word) => one.text.includes(word));
}

function fill(one) {
  const { entry, kind } = one, why = kind === 'ok' || kind === 'open' ? '' : reason(entry);
  one.text = [entry.provider, entry.operation, entry.method, entry.path, outcome(one), entry.request_id, why].join(' ').toLowerCase();
  one.button.replaceChildren(
    el('span', { class: 'time mono' }, entry.time.slice(11, 19)),
    el('span', {}, entry.provider),
    el('span', { class: 'what mono' }, entry.operation ? `${entry.operation} ` : '', `${entry.method} ${entry.path}`),
    el('span', { class: kind === 'ok' ? kind : `${kind} word` }, outcome(one)), ...(why ? [el('span', { class: `why ${kind}` }, why)] : []));
  one.li.hidden = !wanted(one);
}

// An option for each value that occurs, in order.
function offer(select, value) {
  const options = [...select.options];
  if (value == null || options.some((one) => one.value === String(value))) return;
  select.insertBefore(option(value), options.slice(1).find((one) => one.value > String(value)) || null);
}

function received(batch) {
  const rows = [];
  for (const entry of batch) {
    const id = entry.request_id;
    let one = entries.get(id);
    if (one) refusals -= isRefused(one);
    else {
      one = { button: el('button', { type: 'button', class: 'row', tabindex: -1, 'data-id': id }) };
      one.li = el('li', {}, one.button);
      entries.set(id, one);
      if (!paused) rows.unshift(one.li);
      missed ||= paused;
    }
    one.entry = entry;
    one.kind = kindOf(entry);
    refusals += isRefused(one);
    last = id;
    if (entry.provider === 'virtuous') webhooksChanged = true;
    offer($('operation'), entry.operation);
    offer($('status'), entry.status);
    fill(one);
    if (id === chosen) show(one);
  }
  $('list').prepend(...rows);
  for (const [id, one] of entries) {
    if (entries.size <= LIMIT) break;
    refusals -= isRefused(one);
    one.li.remove();
    entries.delete(id);
  }
  counts();
}

function counts() {
  $('count').textContent = entries.size;
  $('bad').textContent = refusals;
  $('empty').hidden = entries.size > 0;
  $('keys').hidden = !entries.size;
  const first = visible($('list').firstElementChild, 'nextElementSibling');
  $('requests').classList.toggle('none', !first);
  $('nothing').textContent = entries.size && !first ? 'Nothing matches.' : '';
  const stop = entries.get(tabStop);
  if (!stop || stop.li.hidden) stopAt(first);
}

function filter() {
  const row = document.activeElement.closest('#list li');
  for (const one of entries.values()) one.li.hidden = !wanted(one);
  counts();
  if (row?.hidden) focusRow(visible(row, 'nextElementSibling') || visible(row, 'previousElementSibling'));
}

function redraw() {
  missed = false;
  $('list').replaceChildren(...[...entries.values()].map((one) => one.li).reverse());
  counts();
}

function clear() {
  entries.clear();
  last = ''; refusals = 0; missed = false;
  for (const select of [$('operation'), $('status')]) select.length = 1;
  closed();
  redraw();
}

// The list is one stop of the Tab key.
function visible(row, next) {
  let at = row;
  while (at?.hidden) at = at[next];
  return at;
}
function stopAt(row) {
  entries.get(tabStop)?.button.setAttribute('tabindex', -1);
  tabStop = row?.firstElementChild.dataset.id || '';
  row?.firstElementChild.setAttribute('tabindex', 0);
}
function focusRow(row) {
  if (!row) return $('refused').focus();
  stopAt(row);
  row.firstElementChild.focus();
}
function move(next) {
  const at = document.activeElement.closest('#list li') || entries.get(chosen)?.li;
  if (at?.isConnected && !at.hidden) focusRow(visible(at[next], next) || at);
  else focusRow(entries.get(tabStop)?.li);
}

// ---- one request

const CONTROL = { '\n': '⏎\n', '\r': '␍', '\t': '⇥', '\0': '␀' };
const shown = (text) => text.replace(/[\n\r\t\0]/g, (char) => CONTROL[char]);
const named = (char) => char === undefined ? 'the end' : JSON.stringify(char);
const textOf = (value) => typeof value === 'string' ? value : typeof value?.text === 'string' ? value.text : undefined;

function marked(text, at) {
  const char = [...text.slice(at)][0] ?? '';
  return el('pre', { tabindex: 0 }, shown(text.slice(0, at)), el('mark', {}, char ? shown(char) : '∎'), shown(text.slice(at + char.length)));
}

function comparison(detail) {
  const [one, other] = [textOf(detail.received), textOf(detail.expected)];
  if (other === undefined) return null;
  const side = (title, text, body) =>
    el('div', {}, el('h3', {}, title, ' ', button('copy', () => copy(text), { 'aria-label': `copy ${title}` })), body);
  const certain = detail.received_is_confirmed !== false;
  if (one === undefined || one === other) {
    return side(certain && one !== undefined ? 'signed string' : 'the string to sign', other, el('pre', { tabindex: 0 }, shown(other)));
  }
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return el('div', { class: 'comparison' },
    el('p', { class: 'refused' }, `first difference at character ${at + 1}: ${named([...one.slice(at)][0])} instead of ` +
      named([...other.slice(at)][0])),
    el('div', { class: 'pair' }, side('what was signed', one, marked(one, at)), side('what must be signed', other, marked(other, at))));
}

const COMPARED = ['received', 'received_is_confirmed', 'expected', 'cause', 'first_difference'];
function explained(check) {
  const passed = check.outcome !== 'fail';
  const detail = check.detail || {};
  const cause = detail.cause?.description || (typeof detail.cause === 'string' ? detail.cause : '');
  const rest = Object.entries(detail).filter(([name]) => !COMPARED.includes(name));
  const tone = check.check === 'fault' ? 'fault' : 'refused';
  return el('li', {},
    el('span', { class: passed ? 'ok' : `${tone} word` }, `${passed ? '✓' : '✗'} ${check.check}`),
    check.outcome === 'pass' ? null : ` ${passed ? check.outcome : 'failed'}`,
    check.reason ? el('div', passed ? {} : { class: `${tone} word` }, check.reason) : null,
    cause && cause !== check.reason ? el('div', {}, cause) : null,
    comparison(detail),
    rest.length && !passed ? el('div', { class: 'soft mono' }, rest.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('  ')) : null);
}

// ---- a request as curl

// Between these two is the name of a variable.
const variable = (name) => `\uE000${name.toUpperCase().replace(/[^A-Z0-9]/g, '_').replace(/^(?=\d|$)/, '_')}\uE001`;
const plain = (text) => String(text).replace(/[\uE000\uE001]/g, '');
// Quoted for a shell, with its variables.
const shell = (text) => ("'" + text.replaceAll("'", "'\\''") + "'").replace(/\uE000(\w+)\uE001/g, `'"$$$1"'`)
  .replace(/^''(?=.)/s, '').replace(/(?<=.)''$/s, '');
const filled = (value, name) => plain(value).replaceAll(HIDDEN, variable(name));

const IGNORED = /^(host|content-length|connection|accept-encoding|transfer-encoding|user-agent|x-request-id|accept-language|keep-alive|traceparent|tracestate|sec-.*)$/;
const SET_BY_ENV = /^(VIRTUOUS|VERIGATOR|VV|VISE|AUTH_EMULATOR)_/;
const REFUSED_CREDENTIAL = /credential|key|token|bearer|authorization|phrase|session|cookie/i;

// The credential of a request, as `auth-emulator env` sets it; another one if it was refused.
function credentialOf(entry, header, isIssuer) {
  const check = failed(entry)?.check || '';
  const other = REFUSED_CREDENTIAL.test(check) && [401, 403].includes(entry.status);
  if (other || isIssuer) return variable(header);
  if (header === 'x-service-auth') return `${variable('VERIGATOR_USERNAME')}:${variable('VERIGATOR_PASSWORD')}`;
  const name = { virtuous: 'VIRTUOUS_API_KEY', vaultvision: 'VV_API_KEY', vise: 'VISE_API_TOKEN' }[entry.provider];
  return name ? `Bearer ${variable(name)}` : variable(header);
}

// A command, what it needs, or why there is none.
function asCurl(entry) {
  const headers = { ...entry.headers }, notes = [];
  if (!Object.keys(headers).length) return { why: 'This was no valid HTTP, so that curl can’t send it.' };
  const isSigned = entry.provider === 'revesecure' ||
    (entry.provider === 'virtuous' && headers.authorization && (/^[^#]/.test(entry.caller || '#') || /signature|nonce|time/.test(failed(entry)?.check)));
  if (isSigned) return { why: 'A signature is for one request at one time, so that curl can’t send it again: sign a new one.' };
  const base = providers.find((provider) => provider.name === entry.provider)?.base_url || location.origin;
  const own = new URL(base), host = headers.host?.[0] || '', isKnown = failed(entry)?.check !== 'host' && /^[\w.[\]:-]+:\d+$/.test(host);
  const origin = isKnown ? `${own.protocol}//${host}` : own.origin;
  const isOther = isKnown && host.split(':').pop() !== own.port;
  const words = [entry.method === 'HEAD' ? 'curl -I' : 'curl -i'];
  if (own.protocol === 'https:') words.push('--cacert "$AUTH_EMULATOR_CA_FILE"');

  const names = Object.keys(headers).filter((name) => !IGNORED.test(name));
  if (!isKnown && host) words.push(`-H ${shell(`host: ${plain(host)}`)}`);
  for (const name of names) {
    for (const value of headers[name]) {
      if (name === 'accept' && value === '*/*') continue;
      if (name === 'cookie' && entry.provider === 'vise') { words.push('-b vise.cookies'); continue; }
      const isCredential = value === HIDDEN && /^(authorization|x-service-auth)$/.test(name);
      words.push(`-H ${shell(`${name}: ${isCredential ? credentialOf(entry, name, isOther && entry.provider === 'vaultvision') : filled(value, name)}`)}`);
    }
  }
  if (!headers.accept) words.push("-H 'accept:'");
  if (entry.operation === 'session.open') words.push('-c vise.cookies');

  const query = Object.entries(entry.query).flatMap(([name, values]) => values.map((value) => [name, value]));
  const hasBody = entry.body_size > 0 || (headers['content-length'] && !/GET|HEAD/.test(entry.method));
  const isForm = /form/i.test(headers['content-type']?.[0] || '') && entry.body && typeof entry.body === 'object';
  const isToken = entry.operation === 'tokens.request';
  const secretName = (name) => entry.operation === 'session.open' ? 'VISE_PHRASE'
    : isToken && /^(username|password)$/.test(name) ? `VIRTUOUS_${name}` : name;
  const grant = isToken && isForm && ('refresh_token' in entry.body ? 'refresh_token' : 'password');
  if (hasBody && !headers['content-type']) words.push("-H 'content-type:'");
  if (isForm) {
    for (const [name, value] of Object.entries(entry.body)) {
      const given = name === 'grant_type' && grant ? grant : filled(value, secretName(name));
      words.push(`--data-urlencode ${shell(`${plain(name)}=${given}`)}`);
    }
  } else if (entry.body != null) {
    const withVariables = (name, value) => typeof value === 'string' ? filled(value, secretName(name)) : value;
    words.push(`--data-binary ${shell(JSON.stringify(entry.body, withVariables))}`);
  } else if (entry.body_size > 0) {
    words.push('--data-binary @body');
    notes.push('the file body: the journal keeps JSON and forms of up to 16 KiB only');
  } else if (hasBody) words.push("--data-binary ''");
  if (/…"/.test(JSON.stringify(entry.body ?? ''))) notes.push('the rest of what the journal has shortened to …');
  const usual = hasBody ? 'POST' : entry.method === 'HEAD' ? 'HEAD' : 'GET';
  if (entry.method !== usual) words.push(`-X ${/^[A-Z]+$/.test(entry.method) ? entry.method : shell(plain(entry.method))}`);

  // A phrase may need encoding, which curl does.
  const encoded = hasBody ? [] : query.filter(([, value]) => value === HIDDEN);
  if (encoded.length) words.push('-G');
  for (const [name] of encoded) words.push(`--data-urlencode ${shell(`${plain(name)}=${variable(secretName(name))}`)}`);
  const rest = query.filter((pair) => !encoded.includes(pair)).map(([name, value]) => plain(name) + (value === '' ? '' : '=' + filled(value, name)));
  const path = (headers['x-emulator-namespace'] ? '' : prefix) + plain(entry.path) + (rest.length ? '?' + rest.join('&') : '');
  if (/[[\]{}]/.test(path)) words.push('-g');
  if (/\/\.\.?(\/|\?|$)/.test(path)) words.push('--path-as-is');
  words.push(shell(origin + path));
  const text = words.join(' ');
  const needed = [...new Set([...text.matchAll(/"\$(\w+)"/g)].map((found) => found[1]))].filter((name) => !SET_BY_ENV.test(name));
  if (needed.length) notes.unshift(`${needed.map((name) => `$${name}`).join(', ')}, which the journal doesn’t keep`);
  if (words.includes('-b vise.cookies')) notes.push('the session: first send the session.open of this host');
  if (entry.operation === 'session.open' && isOther) notes.push('the phrase of this host: VISE_PHRASE is that of the first host');
  return { text, notes };
}

const duration = (micros) => micros < 10000 ? `${(micros / 1000).toFixed(2)} ms` : `${Math.round(micros / 1000)} ms`;
const pairs = (values) => el('dl', {}, ...Object.entries(values).filter(([, value]) => value != null && value !== '').flatMap(([name, value]) =>
  [el('dt', {}, name), el('dd', { class: 'mono' }, [].concat(value).join(', '))]));
const pretty = (body) => body == null ? null
  : el('pre', { tabindex: 0 }, typeof body === 'string' ? body : JSON.stringify(body, null, 2));

function show(one) {
  const { entry, kind } = one, sent = entry.response;
  const curl = asCurl(entry);
  const had = $('detail').contains(document.activeElement) && document.activeElement !== $('detail');
  const effects = Object.entries(sent?.effects || {}).map(([name, count]) => `${name} × ${count}`).join(', ');
  $('detail').replaceChildren(...[
    el('div', { class: 'bar' },
      el('h2', { id: 'detail-title', class: 'grow' }, `${entry.provider} ${entry.operation || ''} `, el('span', { class: kind }, outcome(one))),
      sent?.micros ? el('span', { class: 'soft', title: 'until the response was ready' }, duration(sent.micros)) : null,
      curl.text ? button('copy curl', () => copy(curl.text)) : null,
      button('close', close, { id: 'close', 'aria-label': 'close the request' })),
    el('p', { class: 'mono' }, `${entry.method} ${entry.path}`),
    entry.fault ? el('p', { class: 'fault word' }, `a rule injected the fault: ${entry.fault}`) : null,
    isRefused(one) && !failed(entry) ? el('p', { class: 'refused word' }, 'no check failed: the state has the reason') : null,
    el('ul', { 'aria-label': 'checks' }, ...entry.checks.map(explained)),
    el('p', {}, `effects: ${effects || 'none'}`),
    el('details', { open: true }, el('summary', {}, 'response'),
      pairs({ status: entry.status ?? 'none', 'body size': sent?.body_size, ...sent?.headers }), pretty(sent?.body),
      sent?.body_size && sent.body == null ? el('p', { class: 'hint' }, 'The journal keeps the bodies of refused requests only.') : null),
    el('details', { open: true }, el('summary', {}, 'request'),
      pairs({ time: entry.time, id: entry.request_id, caller: entry.caller, ...entry.query }), pairs(entry.headers), pretty(entry.body)),
    el('details', { open: true }, el('summary', {}, 'curl'),
      curl.why ? el('p', { class: 'hint' }, curl.why) : el('pre', { tabindex: 0 }, curl.text),
      curl.notes?.length ? el('p', { class: 'hint' }, `It needs ${curl.notes.join('; ')}.`) : null),
  ].filter(Boolean));
  if (had) $('detail').focus({ preventScroll: true });
}

const isOpen = () => document.body.classList.contains('open');

function open(id, withFocus) {
  const one = entries.get(id);
  if (!one) return;
  entries.get(chosen)?.button.removeAttribute('aria-current');
  chosen = id;
  one.button.setAttribute('aria-current', 'true');
  stopAt(one.li);
  if (!isOpen() && narrow.matches) history.pushState({ open: true }, '');
  document.body.classList.add('open');
  cover();
  show(one);
  one.li.scrollIntoView({ block: 'nearest' });
  $('detail').scrollTop = 0;
  if (withFocus || narrow.matches) $('detail').focus({ preventScroll: true });
}

// On a narrow screen, a request covers everything else.
function cover() {
  for (const node of document.querySelectorAll('header, footer, #waiting, #requests, #panels')) node.inert = isOpen() && narrow.matches;
}

function close() {
  if (history.state?.open) history.back();
  else closed();
}

function closed() {
  if (!isOpen()) return;
  document.body.classList.remove('open');
  cover();
  const one = entries.get(chosen);
  one?.button.removeAttribute('aria-current');
  chosen = '';
  $('detail').replaceChildren();
  if (one) focusRow(one.li.hidden ? entries.get(tabStop)?.li : one.li);
}

// ---- codes, faults, webhooks, settings, records, controls

const drawn = {};
// What has not changed stays, so that nobody loses the focus or clicks on something that was just replaced.
function changed(what, data) {
  const text = JSON.stringify(data);
  if (drawn[what] === text) return false;
  drawn[what] = text;
  return true;
}

// The focus stays at its position, or moves to the last one, or to what is always there.
function renew(node, children) {
  const own = () => [...node.querySelectorAll('button, input, select')];
  const at = own().indexOf(document.activeElement);
  node.replaceChildren(...children);
  if (at >= 0) (own()[Math.min(at, own().length - 1)] || $('find')).focus();
}

function card(code) {
  const path = `/pending-codes/${encodeURIComponent(code.id)}`;
  const decide = (word) => button(word, () => act('POST', `${path}/${word}`), { 'aria-label': `${word} ${code.kind} of ${code.subject}` });
  return el('li', {}, `${code.subject} – ${code.kind}`,
    code.code ? el('span', { class: 'mono code' }, code.code) : null,
    code.code ? button('copy', () => copy(code.code), { 'aria-label': `copy ${code.kind} of ${code.subject}` }) : null,
    ...(code.code ? [] : [decide('approve'), decide('deny')]), decide('expire'),
    el('span', { class: 'soft' }, [code.provider, code.service, `until ${code.expires_at.slice(11, 19)}`].filter(Boolean).join(', ')),
    code.code ? null : el('span', { class: 'soft mono', title: code.id }, code.id.slice(0, 8)));
}

function codes(list) {
  if (!changed('codes', list)) return;
  // An app shows one at any time, whether somebody waits for it or not.
  const isAlways = (code) => /^(otp-|bypass)/.test(code.kind);
  const waiting = list.filter((code) => !isAlways(code)), valid = list.filter(isAlways);
  $('waiting').hidden = list.length === 0;
  $('waiting-title').hidden = waiting.length === 0;
  $('valid-panel').hidden = valid.length === 0;
  $('valid-count').textContent = valid.length;
  renew($('codes'), waiting.map(card));
  renew($('valid'), valid.map(card));
}

function faults(list) {
  if (!changed('faults', list)) return;
  $('fault-count').textContent = list.length;
  renew($('faults'), list.map((fault) => {
    const { id, provider, fault: what, times, ...rest } = fault;
    const words = Object.entries(what).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
    const more = Object.entries(rest).filter(([, value]) => value && value !== 'after')
      .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
    return el('li', {}, [`${provider}: ${words.join(', ')} × ${times}`, ...more].join(', '),
      button('remove', () => act('DELETE', `/faults/${id}`), { 'aria-label': `remove fault ${id} of ${provider}` }));
  }));
}

async function webhooks() {
  webhooksChanged = false;
  const { deliveries } = await api('POST', '/providers/virtuous/actions/list-webhooks', {});
  if (!changed('webhooks', deliveries)) return;
  const isAccepted = ({ tries }) => tries.some((status) => status >= 200 && status < 300);
  $('due-count').textContent = `${deliveries.filter((one) => !isAccepted(one)).length} due`;
  renew($('webhooks'), deliveries.slice(-50).reverse().map((delivery) => {
    const { id, url, body, tries } = delivery, label = isAccepted(delivery) ? 'deliver again' : 'deliver';
    const result = tries.length ? `tries: ${tries.map((status) => status ?? 'no response').join(', ')}` : 'not sent';
    return el('li', {}, `${body.event || 'delivery'} → ${url}`, el('span', { class: isAccepted(delivery) ? 'ok' : 'soft' }, result),
      button(label, async () => {
        await act('POST', '/providers/virtuous/actions/redeliver-webhook', { id });
        webhooksChanged = true;
      }, { 'aria-label': `${label} ${body.event || ''} ${id}` }));
  }));
  if (!deliveries.length) $('webhooks').replaceChildren(el('li', {}, 'none: no active subscription of Virtuous was affected'));
}

// A name whose lines break at underscores only.
const breakable = (name) => name.split(/(?<=_)/).flatMap((part) => [part, el('wbr')]);
// A value with control characters as JSON, because a field can't show them.
const writtenOut = (value) => typeof value === 'string' && !/[\0-\x1f]|^"/.test(value) ? value : JSON.stringify(value);

async function settings() {
  const provider = $('settings-provider').value, path = `/providers/${provider}/settings`;
  const values = await api('GET', path);
  const field = document.activeElement;
  // What somebody is typing stays.
  if ($('settings').contains(field) && field.defaultValue !== undefined && field.value !== field.defaultValue) return;
  if (!changed('settings', [provider, values])) return;
  const words = providers.find(({ name }) => name === provider)?.setting_words || {};
  renew($('settings'), Object.entries(values).map(([name, value]) => {
    const known = words[name], isText = typeof value === 'string';
    const input = typeof value === 'boolean' ? el('input', { type: 'checkbox', checked: value })
      : known ? el('select', {}, ...known.map((word) => el('option', { selected: word === value }, word)))
        : el('input', { value: writtenOut(value) });
    input.onchange = async () => {
      let chosen = typeof value === 'boolean' ? input.checked : input.value;
      if (!known && typeof chosen === 'string' && (!isText || /^[{"]/.test(chosen))) {
        try { chosen = JSON.parse(chosen); } catch { /* sent as text */ }
      }
      drawn.settings = '';
      input.defaultValue = input.value;
      await act('POST', path, { [name]: chosen });
      settings().catch(tell);
    };
    return el('label', {}, el('span', {}, ...breakable(name)), input);
  }));
}

async function records() {
  const provider = $('records-provider').value;
  const groups = await api('GET', `/providers/${provider}/records`);
  if (!changed('records', [provider, groups])) return;
  const cell = (name, value) => el('td', { class: /id$|^id/i.test(name) ? 'mono' : null, title: String(value).length > 30 ? value : null }, String(value));
  $('records').replaceChildren(...groups.map((group) => {
    const columns = [...new Set(group.records.flatMap((record) => Object.keys(record)))];
    return el('div', {}, el('h3', {}, `${group.kind} (${group.count})`),
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': group.kind },
        el('table', {}, el('thead', {}, el('tr', {}, ...columns.map((name) => el('th', {}, name)))),
          el('tbody', {}, ...group.records.map((record) => el('tr', {}, ...columns.map((name) => cell(name, record[name] ?? ''))))))));
  }));
  if (!groups.length) $('records').replaceChildren(el('p', { class: 'hint' }, 'none'));
}

function controlForm() {
  const control = catalog.find((one) => one.name === $('control').value);
  const field = ({ name, kind, required, help }) => {
    const known = kind.choice || (name === 'provider' ? providers.map((provider) => provider.name) : null);
    const input = known
      ? el('select', { name, required }, ...(required ? [] : [el('option', { value: '' }, '')]), ...known.map(option))
      : el('input', { name, required: required && kind !== 'fields', placeholder: kind === 'fields' || kind === 'json' ? '{ }' : '' });
    return el('label', { title: help }, `${name}${required ? '' : ' (optional)'}`, input);
  };
  $('control-form').replaceChildren(el('p', {}, `${control.help} `, el('code', {}, `${control.method} ${control.path}`)),
    ...control.arguments.map(field), el('button', {}, 'run'));
  $('control-form').onsubmit = async (event) => {
    event.preventDefault();
    let path = control.path, body = {}, query = new URLSearchParams();
    for (const { name, kind } of control.arguments) {
      let value = $('control-form').elements[name].value;
      if (value === '') continue;
      if (path.includes(`{${name}}`)) { path = path.replace(`{${name}}`, encodeURIComponent(value)); continue; }
      if (control.method !== 'POST') { query.set(name, value); continue; }
      try {
        if (kind === 'integer' || kind === 'json' || kind === 'fields' || kind === 'boolean') value = JSON.parse(value);
      } catch { return problem(`${name}: not JSON`); }
      body = kind === 'fields' ? { ...body, ...value } : { ...body, [name]: value };
    }
    const result = await act(control.method, path + (query.size ? `?${query}` : ''), control.method === 'POST' ? body : undefined);
    $('control-result').hidden = result === undefined;
    $('control-result').textContent = JSON.stringify(result, null, 2);
  };
}

// ---- live

function clock(reading) {
  $('now').textContent = `${reading.now.slice(0, 19).replace('T', ' ')} ${reading.mode}`;
  $('freeze').textContent = reading.mode === 'frozen' ? 'run' : 'freeze';
}

async function refresh() {
  if (ended || !await spaces()) return;
  const [time, rules, pending] = await Promise.all([api('GET', '/clock'), api('GET', '/faults'), api('GET', '/pending-codes')]);
  clock(time); faults(rules); codes(pending);
  if ($('webhooks-panel').open || webhooksChanged) await webhooks();
  if ($('settings-panel').open) await settings();
  if ($('records-panel').open) await records();
}

// Whether this namespace exists. A request to one that doesn't could create it.
async function spaces() {
  const names = await api('GET', '/namespaces', undefined, '');
  if (!names.includes(space)) gone(names);
  else if (changed('spaces', names)) {
    $('spaces').hidden = names.length < 2;
    $('namespace').replaceChildren(...names.map((name) => el('option', { selected: name === space }, name)));
  }
  return !ended;
}

const go = (namespace) => { location.hash = new URLSearchParams({ token, namespace }); };

function gone(names) {
  stop();
  $('app').hidden = true;
  $('gone').hidden = false;
  $('gone-title').textContent = `There is no namespace ${space}.`;
  const create = async () => {
    ended = false;
    if (await api('POST', '/namespaces', { name: space }, '').catch(tell)) location.reload();
  };
  $('others').replaceChildren(...names.map((name) => button(name, () => go(name))), button(`create ${space}`, create));
}

let stream = new AbortController();
function stop() {
  ended = true;
  stream.abort();
  $('live').textContent = '';
  problem();
}

function login(message) {
  stop();
  $('app').hidden = true;
  $('login').hidden = false;
  problem(message);
  $('token').focus();
}

let queued = 0;
const soon = () => { clearTimeout(queued); queued = setTimeout(() => refresh().catch(tell), 100); };

async function follow() {
  while (!ended) {
    try {
      const response = await fetch(`${prefix}/events${last ? `?after=${encodeURIComponent(last)}` : ''}`,
        { headers: { Authorization: 'Bearer ' + token }, signal: stream.signal });
      if (response.status === 401) return login(UNKNOWN);
      if (!response.ok) throw new Error(`status ${response.status}`);
      $('live').textContent = '● live';
      if ($('problem').textContent === STOPPED) problem();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const parts = (rest + value).split('\n\n');
        rest = parts.pop();
        let batch = [];
        for (const part of parts) {
          if (part.startsWith('event: reset')) { batch = []; clear(); }
          else if (part.startsWith('data: ')) batch.push(JSON.parse(part.slice(6)));
        }
        received(batch);
        soon();
      }
    } catch { /* shown below */ }
    if (ended) return;
    $('live').textContent = '○ stopped';
    problem(STOPPED);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function first() {
  const inSpace = space === 'default' ? '' : ` --namespace ${space}`;
  const base = providers.find(({ name }) => name === 'virtuous')?.base_url;
  const path = '/api/Organization/Current';
  $('empty-text').textContent = 'No request yet. ' + (health.env_command ? 'In another terminal:'
    : 'A first one, which is refused because it has no credential:');
  $('empty-command').textContent = health.env_command
    ? `eval "$(${health.env_command}${inSpace})"\ncurl${health.tls ? ' --cacert "$AUTH_EMULATOR_CA_FILE"' : ''} ` +
      `-H "Authorization: Bearer $VIRTUOUS_API_KEY" \\\n  "$VIRTUOUS_BASE_URL${path}"`
    : `curl -i ${shell(base + path)}`;
  $('kind').textContent = `seed ${health.seed}, ${health.relaxed.length ? `relaxed: ${health.relaxed.join(', ')}` : 'strict'}`;
}

async function start() {
  if (!token) return login();
  ended = false;
  stream = new AbortController();
  try {
    if (!await spaces()) return;
    follow();
    [providers, catalog, health] = await Promise.all([api('GET', '/providers'), api('GET', '/catalog'), api('GET', '/health')]);
  } catch (error) {
    return error.message === UNKNOWN ? login(UNKNOWN) : problem(error.message);
  }
  problem();
  health.tls = providers[0].base_url.startsWith('https');
  first();
  $('login').hidden = true;
  $('app').hidden = false;
  for (const { name } of providers) {
    for (const select of [$('provider'), $('fault-form').elements.provider, $('settings-provider'), $('records-provider')]) {
      select.append(option(name));
    }
  }
  const what = catalog.find((one) => one.name === 'reset').arguments[0].kind.choice;
  $('reset').append(...what.map(option));
  $('control').append(...catalog.filter((one) => one.token).map((one) => option(one.name)));
  controlForm();
  $('records-panel').hidden = !catalog.some((one) => one.name === 'records.list');
  if (chosen) show(entries.get(chosen));
  await refresh().catch(tell);
}

$('login').onsubmit = (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  history.replaceState(null, '', '#' + new URLSearchParams(space === 'default' ? { token } : { token, namespace: space }));
  location.reload();
};
$('all').onclick = () => refusedOnly(false);
$('refused').onclick = () => refusedOnly(true);
function refusedOnly(on) {
  onlyRefused = on;
  $('all').setAttribute('aria-pressed', String(!on));
  $('refused').setAttribute('aria-pressed', String(on));
  filter();
}
$('pause').onclick = () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  if (!paused && missed) redraw();
};
for (const id of ['provider', 'operation', 'status']) $(id).onchange = filter;
$('find').oninput = filter;
$('list').onclick = (event) => {
  const row = event.target.closest('.row');
  // A click without a mouse is the Enter key.
  if (row) open(row.dataset.id, event.detail === 0);
};
$('list').addEventListener('focusin', (event) => stopAt(event.target.closest('li')));
$('freeze').onclick = () => act('POST', '/clock', { mode: $('freeze').textContent === 'run' ? 'real' : 'frozen' });
// Buttons, because the arrow keys change a selection.
$('advance-now').onclick = () => act('POST', '/clock', { advance_seconds: Number($('advance').value) });
$('reset-now').onclick = () => act('POST', `/reset/${$('reset').value}`);
$('fault-form').onsubmit = (event) => {
  event.preventDefault();
  const { provider, status, times, method } = $('fault-form').elements;
  const rule = { provider: provider.value, times: Number(times.value), fault: { status: Number(status.value) } };
  act('POST', '/faults', method.value ? { ...rule, method: method.value } : rule);
};
for (const [name, draw] of [['webhooks', webhooks], ['settings', settings], ['records', records]]) {
  $(`${name}-panel`).ontoggle = () => { if ($(`${name}-panel`).open) draw().catch(tell); };
}
$('settings-provider').onchange = () => settings().catch(tell);
$('records-provider').onchange = () => records().catch(tell);
$('namespace').onchange = () => go($('namespace').value);
$('control').onchange = controlForm;
$('curl').querySelector('button').onclick = () => copy($('curl').querySelector('code').textContent);
narrow.onchange = cover;
addEventListener('popstate', closed);
addEventListener('hashchange', () => location.reload());
if (history.state?.open) history.replaceState(null, '');
setInterval(() => { if (!document.hidden && !$('app').hidden) soon(); }, 2000);
document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape') { if (typing) event.target.blur(); else close(); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const inList = event.target.closest('#list');
  if (event.key === 'j' || (inList && event.key === 'ArrowDown')) move('nextElementSibling');
  else if (event.key === 'k' || (inList && event.key === 'ArrowUp')) move('previousElementSibling');
  else if (event.key === 'r') refusedOnly(!onlyRefused);
  else if (event.key === '/') $('find').focus();
  else return;
  event.preventDefault();
});
start();

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
const entries = new Map(); // by request id, oldest first
let token = new URLSearchParams(location.hash.slice(1)).get('token') || '';
const space = new URLSearchParams(location.hash.slice(1)).get('namespace') || 'default';
const prefix = space === 'default' ? '' : '/ns/' + encodeURIComponent(space);
let providers = [], catalog = [], chosen = '', onlyRefused = false, paused = false, missed = false, last = '';

function problem(message) {
  $('problem').textContent = message || '';
  $('problem').hidden = !message;
}

async function api(method, path, body) {
  const response = await fetch(prefix + path, {
    method, headers: { Authorization: 'Bearer ' + token }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await response.json().catch(() => null);
  if (!response.ok) throw new Error(json?.error?.message || 'status ' + response.status);
  return json;
}

// What a person does: shown as curl, so that the page teaches the API.
async function act(method, path, body) {
  const data = body === undefined ? '' : ` -d ${quoted(JSON.stringify(body))}`;
  $('curl').hidden = false;
  $('curl').querySelector('code').textContent =
    `curl -X ${method} -H "Authorization: Bearer $token" "$control${prefix}${path}"${data}`;
  try {
    problem();
    const result = await api(method, path, body);
    await refresh();
    return result;
  } catch (error) {
    problem(error.message);
    return undefined;
  }
}

const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
const copy = (text) => navigator.clipboard?.writeText(text).catch(() => problem('the browser does not allow copying'));
const button = (label, onclick, attributes = {}) => el('button', { type: 'button', onclick, ...attributes }, label);

// ---- the list of requests

const isRefused = (entry) => entry.status === null ? entry.checks.length > 0 : entry.status >= 400;
const failed = (entry) => entry.checks.find((check) => check.outcome === 'fail');
const reason = (entry) => entry.fault ? `fault: ${entry.fault}` : failed(entry)?.reason || '';
const wanted = (entry) => {
  const find = $('find').value.trim().toLowerCase();
  const text = () => [entry.provider, entry.operation, entry.method, entry.path, entry.status, entry.request_id, reason(entry)]
    .join(' ').toLowerCase();
  return (!onlyRefused || isRefused(entry)) && (!$('provider').value || entry.provider === $('provider').value)
    && (!find || text().includes(find));
};

function row(entry) {
  const refused = isRefused(entry);
  const status = entry.status ?? (entry.checks.length ? 'closed' : '…');
  return el('li', { 'data-id': entry.request_id },
    el('button', { type: 'button', class: 'row', 'aria-current': String(entry.request_id === chosen),
      onclick: () => open(entry.request_id) },
      el('span', { class: 'time mono' }, entry.time.slice(11, 19)),
      el('span', {}, entry.provider),
      el('span', { class: 'what mono' }, entry.operation ? `${entry.operation} ` : '', `${entry.method} ${entry.path}`),
      el('span', { class: refused ? 'bad' : 'good' }, refused && entry.status ? `${status} refused` : String(status)),
      refused && reason(entry) ? el('span', { class: 'why' }, reason(entry)) : null));
}

function received(entry) {
  const known = entries.has(entry.request_id);
  entries.set(entry.request_id, entry);
  last = entry.request_id;
  if (paused) { missed = true; return; }
  const old = known && $('list').querySelector(`[data-id="${CSS.escape(entry.request_id)}"]`);
  if (old) old.replaceWith(row(entry));
  else if (wanted(entry)) $('list').prepend(row(entry));
  while (entries.size > LIMIT) {
    const [oldest] = entries.keys();
    entries.delete(oldest);
    $('list').querySelector(`[data-id="${CSS.escape(oldest)}"]`)?.remove();
  }
  if (entry.request_id === chosen) show(entry);
  counts();
}

function counts() {
  $('count').textContent = entries.size;
  $('bad').textContent = [...entries.values()].filter(isRefused).length;
  $('empty').hidden = entries.size > 0;
}

function redraw() {
  missed = false;
  $('list').replaceChildren(...[...entries.values()].filter(wanted).reverse().map(row));
  counts();
}

// ---- one request

const CONTROL = { '\n': '⏎\n', '\r': '␍', '\t': '⇥', '\0': '␀' };
const visible = (text) => text.replace(/[\n\r\t\0]/g, (char) => CONTROL[char]);
const named = (char) => char === undefined ? 'the end' : JSON.stringify(char);
const textOf = (value) => typeof value === 'string' ? value : typeof value?.text === 'string' ? value.text : undefined;

function marked(text, at) {
  const char = [...text.slice(at)][0] ?? '';
  return el('pre', { tabindex: 0 }, visible(text.slice(0, at)), el('mark', {}, char ? visible(char) : '∎'),
    visible(text.slice(at + char.length)));
}

function comparison(detail) {
  const [one, other] = [textOf(detail.received), textOf(detail.expected)];
  if (other === undefined) return null;
  const side = (title, text, body) => el('div', {}, el('h4', {}, title, ' ', button('copy', () => copy(text))), body);
  const certain = detail.received_is_confirmed !== false;
  if (one === undefined || one === other) {
    return el('div', {}, side(certain && one !== undefined ? 'signed string' : 'the string to sign', other,
      el('pre', { tabindex: 0 }, visible(other))));
  }
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return el('div', { class: 'comparison' },
    el('p', { class: 'bad' }, `first difference at character ${at + 1}: ${named([...one.slice(at)][0])} instead of ` +
      named([...other.slice(at)][0])),
    el('div', { class: 'pair' }, side('what was signed', one, marked(one, at)), side('what must be signed', other, marked(other, at))));
}

function explained(check) {
  const passed = check.outcome !== 'fail';
  const detail = check.detail || {};
  const cause = detail.cause?.description || (typeof detail.cause === 'string' ? detail.cause : '');
  const rest = Object.entries(detail).filter(([name]) => !['received', 'received_is_confirmed', 'expected', 'cause', 'first_difference'].includes(name));
  return el('li', {},
    el('span', { class: passed ? 'good' : 'bad' }, `${passed ? '✓' : '✗'} ${check.check}`),
    passed && check.outcome === 'pass' ? null : ` ${check.outcome}`,
    check.reason ? el('div', {}, check.reason) : null,
    cause && cause !== check.reason ? el('div', { class: 'bad' }, cause) : null,
    comparison(detail),
    rest.length && !passed ? el('div', { class: 'soft mono' }, rest.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('  ')) : null);
}

function asCurl(entry) {
  const base = providers.find((provider) => provider.name === entry.provider)?.base_url || '';
  const skipped = ['host', 'content-length', 'connection', 'accept-encoding', 'transfer-encoding'];
  const hidden = (name) => '$' + name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
  const headers = Object.entries(entry.headers).filter(([name]) => !skipped.includes(name)).flatMap(([name, values]) =>
    values.map((value) => ` -H "${name}: ${value === '[redacted]' ? hidden(name) : value.replace(/["$`\\]/g, '\\$&')}"`));
  const query = Object.entries(entry.query).flatMap(([name, values]) => values.map((value) =>
    `${encodeURIComponent(name)}=${value === '[redacted]' ? hidden(name) : encodeURIComponent(value)}`)).join('&');
  const body = entry.body_size ? ' -d @body.json' : '';
  const origin = base.replace(/^(https?:\/\/[^/]*).*$/, '$1');
  return `curl -X ${entry.method}${headers.join('')}${body} "${origin}${entry.path}${query ? '?' + query : ''}"`;
}

function show(entry) {
  const pairs = (values) => el('dl', {}, ...Object.entries(values).flatMap(([name, value]) =>
    [el('dt', {}, name), el('dd', { class: 'mono' }, [].concat(value).join(', '))]));
  const refused = isRefused(entry);
  const body = typeof entry.body === 'string' ? entry.body : entry.body ? JSON.stringify(entry.body, null, 2) : '';
  $('detail').replaceChildren(
    el('div', { class: 'bar' },
      el('h2', { id: 'detail-title', class: 'grow' }, `${entry.provider} ${entry.operation || ''} `,
        el('span', { class: refused ? 'bad' : 'good' }, String(entry.status ?? 'closed'))),
      button('copy curl', () => copy(asCurl(entry))),
      button('close', close, { id: 'close' })),
    el('p', { class: 'mono' }, `${entry.method} ${entry.path}`),
    refused ? el('p', { class: 'bad', id: 'reason' }, reason(entry) || 'no check failed: the state has the reason') : null,
    el('ul', { 'aria-label': 'checks' }, ...entry.checks.map(explained)),
    el('details', {}, el('summary', {}, 'request'),
      pairs({ time: entry.time, id: entry.request_id, 'body size': entry.body_size, ...entry.query }), pairs(entry.headers),
      body ? el('pre', {}, body) : null));
}

function open(id) {
  const entry = entries.get(id);
  if (!entry) return;
  $('list').querySelector('[aria-current="true"]')?.setAttribute('aria-current', 'false');
  chosen = id;
  const button = $('list').querySelector(`[data-id="${CSS.escape(id)}"] button`);
  button?.setAttribute('aria-current', 'true');
  button?.scrollIntoView({ block: 'nearest' });
  document.body.classList.add('open');
  show(entry);
}

function close() {
  document.body.classList.remove('open');
  $('list').querySelector('[aria-current="true"]')?.focus();
}

function move(step) {
  const rows = [...$('list').querySelectorAll('button.row')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const from = at >= 0 ? at : rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
  rows[Math.min(Math.max(from + step, 0), rows.length - 1)]?.focus();
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
  const own = () => [...node.querySelectorAll('button, input')];
  const at = own().indexOf(document.activeElement);
  node.replaceChildren(...children);
  if (at >= 0) (own()[Math.min(at, own().length - 1)] || $('find')).focus();
}

function codes(list) {
  if (!changed('codes', list)) return;
  $('waiting').hidden = false;
  renew($('codes'), list.map((code) => {
    const path = `/pending-codes/${encodeURIComponent(code.id)}`;
    return el('li', {}, `${code.subject} – ${code.kind}`,
      code.code ? el('span', { class: 'mono code' }, code.code) : null,
      code.code ? button('copy', () => copy(code.code)) : null,
      code.code ? null : button('approve', () => act('POST', `${path}/approve`)),
      code.code ? null : button('deny', () => act('POST', `${path}/deny`)),
      button('expire', () => act('POST', `${path}/expire`)),
      el('span', { class: 'soft' }, `${code.provider}, until ${code.expires_at.slice(11, 19)}`));
  }));
  $('waiting').hidden = list.length === 0;
}

function faults(list) {
  if (!changed('faults', list)) return;
  $('fault-count').textContent = list.length;
  renew($('faults'), list.map((fault) => {
    const { id, provider, fault: what, times, ...rest } = fault;
    const more = Object.entries(rest).filter(([, value]) => value && value !== 'after').map(([name, value]) => `${name} ${value}`);
    return el('li', {}, `${provider}: ${JSON.stringify(what)} × ${times} ${more.join(', ')}`,
      button('remove', () => act('DELETE', `/faults/${id}`), { 'aria-label': `remove fault ${id}` }));
  }));
}

async function webhooks() {
  const { deliveries } = await api('POST', '/providers/virtuous/actions/list-webhooks', {});
  if (!changed('webhooks', deliveries)) return;
  renew($('webhooks'), deliveries.slice(-50).reverse().map(({ url, body }) =>
    el('li', {}, `${body.event || 'delivery'} → ${url}`, button('deliver again',
      () => act('POST', '/providers/virtuous/actions/deliver-webhook', { url, body })))));
  if (!deliveries.length) $('webhooks').replaceChildren(el('li', {}, 'none: no active subscription of Virtuous was affected'));
}

async function settings() {
  const path = `/providers/${$('settings-provider').value}/settings`;
  const values = await api('GET', path);
  renew($('settings'), Object.entries(values).map(([name, value]) => {
    const plain = typeof value === 'string';
    const input = typeof value === 'boolean'
      ? el('input', { type: 'checkbox', checked: value })
      : el('input', { value: plain ? value : JSON.stringify(value) });
    input.onchange = async () => {
      let changed = typeof value === 'boolean' ? input.checked : input.value;
      if (typeof changed === 'string' && !plain) try { changed = JSON.parse(changed); } catch { /* sent as text */ }
      await act('POST', path, { [name]: changed });
      settings();
    };
    return el('label', {}, name, input);
  }));
}

async function records() {
  const groups = await api('GET', `/providers/${$('records-provider').value}/records`);
  if (!changed('records', groups)) return;
  $('records').replaceChildren(...groups.map((group) => {
    const columns = [...new Set(group.records.flatMap((record) => Object.keys(record)))];
    return el('div', {}, el('h3', {}, `${group.kind} (${group.count})`),
      el('table', {}, el('thead', {}, el('tr', {}, ...columns.map((name) => el('th', {}, name)))),
        el('tbody', {}, ...group.records.map((record) => el('tr', {}, ...columns.map((name) =>
          el('td', {}, record[name] === undefined ? '' : String(record[name]))))))));
  }));
  if (!groups.length) $('records').replaceChildren(el('p', { class: 'hint' }, 'none'));
}

function controlForm() {
  const control = catalog.find((one) => one.name === $('control').value);
  const field = ({ name, kind, required, help }) => {
    const known = kind.choice || (name === 'provider' ? providers.map((provider) => provider.name) : null);
    const input = known
      ? el('select', { name, required }, ...(required ? [] : [el('option', { value: '' }, '')]), ...known.map((one) => el('option', {}, one)))
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
  const [time, rules, pending] = await Promise.all([api('GET', '/clock'), api('GET', '/faults'), api('GET', '/pending-codes')]);
  clock(time); faults(rules); codes(pending);
  await spaces();
  if ($('webhooks-panel').open) await webhooks();
  if ($('records-panel').open) await records();
}

async function spaces() {
  const names = await api('GET', '/namespaces');
  if (!changed('spaces', names)) return;
  $('spaces').hidden = names.length < 2;
  $('namespace').replaceChildren(...names.map((name) => el('option', { selected: name === space }, name)));
}

let queued = 0;
const soon = () => { clearTimeout(queued); queued = setTimeout(() => refresh().catch((error) => problem(error.message)), 100); };

async function follow() {
  for (;;) {
    try {
      const response = await fetch(`${prefix}/events${last ? `?after=${encodeURIComponent(last)}` : ''}`,
        { headers: { Authorization: 'Bearer ' + token } });
      if (!response.ok) throw new Error(`status ${response.status}`);
      $('live').textContent = '● live';
      problem();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const parts = (rest + value).split('\n\n');
        rest = parts.pop();
        for (const part of parts) {
          const data = part.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6)).join('\n');
          if (part.startsWith('event: reset')) { entries.clear(); last = ''; redraw(); }
          else if (data) received(JSON.parse(data));
        }
        soon();
      }
    } catch { /* shown below */ }
    $('live').textContent = '○ not connected';
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function start() {
  if (!token) { $('login').hidden = false; $('live').textContent = ''; $('token').focus(); return; }
  try {
    [providers, catalog] = await Promise.all([api('GET', '/providers'), api('GET', '/catalog')]);
  } catch (error) {
    problem(error.message);
    $('login').hidden = false;
    return;
  }
  problem();
  $('login').hidden = true;
  $('app').hidden = false;
  const option = (name) => el('option', {}, name);
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
  await refresh().catch((error) => problem(error.message));
  setInterval(() => { if (!document.hidden) soon(); }, 2000);
  follow();
}

$('login').onsubmit = (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  history.replaceState(null, '', '#' + new URLSearchParams({ token }));
  start();
};
$('all').onclick = () => refusedOnly(false);
$('refused').onclick = () => refusedOnly(true);
function refusedOnly(on) {
  onlyRefused = on;
  $('all').setAttribute('aria-pressed', String(!on));
  $('refused').setAttribute('aria-pressed', String(on));
  redraw();
}
$('pause').onclick = () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  if (!paused && missed) redraw();
};
$('find').oninput = redraw;
$('provider').onchange = redraw;
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
const tell = (error) => problem(error.message);
$('webhooks-panel').ontoggle = () => { if ($('webhooks-panel').open) webhooks().catch(tell); };
$('settings-panel').ontoggle = () => { if ($('settings-panel').open) settings().catch(tell); };
$('records-panel').ontoggle = () => { if ($('records-panel').open) records().catch(tell); };
$('settings-provider').onchange = () => settings().catch(tell);
$('namespace').onchange = () => {
  location.hash = new URLSearchParams({ token, namespace: $('namespace').value });
  location.reload();
};
$('records-provider').onchange = () => records().catch(tell);
$('control').onchange = controlForm;
$('curl').querySelector('button').onclick = () => copy($('curl').querySelector('code').textContent);
document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape') { if (typing) event.target.blur(); close(); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'j') move(1);
  else if (event.key === 'k') move(-1);
  else if (event.key === 'r') refusedOnly(!onlyRefused);
  else if (event.key === '/') { event.preventDefault(); $('find').focus(); }
});
start();

// SPDX-License-Identifier: GPL-3.0-or-later

// The connection to genred-outlet: what was known when the page was opened, then every event.

const historyLimit = 10000;
/** The server sends several estimates a second while genred can be reached, so silence is worth a question. */
const silence = 15000;

export class Feed {
  /** `connecting`, `live`, `daemon-away` or `server-away`. */
  state = 'connecting';
  /** Why genred cannot be reached, for people. */
  reason = null;
  /** How far the server's clock is ahead of this one, in milliseconds: a tablet's can be wrong. */
  #ahead = null;
  #events = null;
  #seq = 0;
  #instance = null;
  #version = null;
  #retries = 0;
  /** Which time everything is read; what an earlier one still waits for no longer counts. */
  #turn = 0;
  #heard = performance.now();
  /** Changes that arrived before the history; null once that is read. */
  #early = [];
  #handlers;

  /**
   * - handlers: `start(description, sources, estimates)` and then `history(changes)` with everything anew; `estimate`,
   *   `change`, `device`, `sources(list)` and `state()` as it comes.
   */
  constructor(handlers) {
    this.#handlers = handlers;
    setInterval(() => this.#watch(), 5000);
    this.#load();
  }

  /** The time on the server's clock. */
  get now() {
    const ahead = this.#ahead ?? 0;
    return Date.now() + (Math.abs(ahead) < 2000 ? 0 : ahead);
  }

  async #load() {
    const turn = ++this.#turn;
    this.#events?.close();
    this.#early = [];
    try {
      const [description, sources, current, newest] = await Promise.all([
        get('describe'), get('sources'), get('current'), get('history?limit=1'),
      ]);
      if (turn !== this.#turn) return;
      if (this.#version && this.#version !== description.version) return location.reload();
      this.#version = description.version;
      this.#instance = description.instance;
      this.#seq = newest.changes[0]?.seq ?? 0;
      for (const estimate of current.estimates) this.#compare(estimate.time);
      this.#handlers.start(description, sources.sources, current.estimates);
      this.#retries = 0;
      this.#listen();
      await this.#readHistory(sources.sources.map((source) => source.name), turn);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#events?.close();
      this.#set(error.status === 503 ? 'daemon-away' : 'server-away', error.message);
      this.#again(() => this.#load());
    }
  }

  /** Reads the changes of the last day, also where one answer cannot hold them. Those that arrive meanwhile wait. */
  async #readHistory(names, turn) {
    const path = `history?since=86400&limit=${historyLimit}`;
    const { changes, more } = await get(path);
    if (turn !== this.#turn) return;
    if (more) {
      this.#handlers.history(changes);
      // Each source's own, as many as one answer holds: one every nine seconds, all day long.
      changes.length = 0;
      for (const name of names) changes.push(...(await get(`${path}&source=${encodeURIComponent(name)}`)).changes);
      changes.sort((one, other) => one.seq - other.seq);
    }
    if (turn !== this.#turn) return;
    const last = changes.at(-1)?.seq ?? 0;
    changes.push(...this.#early.filter((change) => change.seq > last));
    this.#early = null;
    this.#handlers.history(changes);
  }

  #listen() {
    const events = new EventSource(`api/v1/events?after=${this.#seq}`);
    this.#events = events;
    const on = (name, handle) => events.addEventListener(name, (event) => {
      this.#heard = performance.now();
      handle(JSON.parse(event.data));
    });
    on('estimate', (estimate) => {
      this.#compare(estimate.time);
      this.#handlers.estimate(estimate);
    });
    on('change', (change) => {
      if (change.seq <= this.#seq) return;
      this.#seq = change.seq;
      if (this.#early) this.#early.push(change);
      else this.#handlers.change(change);
      if (change.to === 'stopped') this.refresh();
    });
    on('state', (device) => {
      this.#handlers.device(device);
      this.refresh();
    });
    on('daemon', (daemon) => this.#take(daemon));
    events.onerror = () => {
      this.#set('server-away');
      // A browser tries again by itself, unless the server has answered with an error.
      if (events.readyState === EventSource.CLOSED) this.#again(() => this.#listen());
    };
  }

  #take(daemon) {
    this.#retries = 0;
    if (daemon.state === 'away') return this.#set('daemon-away', daemon.message);
    const wasAway = this.state.endsWith('-away');
    this.#set('live');
    if (daemon.state === 'reloaded' || (daemon.instance && daemon.instance !== this.#instance)) this.#load();
    else if (wasAway) this.#compareVersion();
  }

  /** A page that stays open for months follows the program that serves it. */
  async #compareVersion() {
    const description = await get('describe').catch(() => null);
    if (description && description.version !== this.#version) location.reload();
    else this.refresh();
  }

  /** Reads the devices again. */
  refresh() {
    this.#due ??= setTimeout(async () => {
      this.#due = null;
      const result = await get('sources').catch(() => null);
      if (result) this.#handlers.sources(result.sources);
    }, 200);
  }
  #due = null;

  /** Reads everything again, soon and seldom: a reload has added or removed a source. */
  restart() {
    this.#restart ??= setTimeout(() => {
      this.#restart = null;
      this.#restarted = performance.now();
      this.#load();
    }, Math.max(500, this.#restarted + 10000 - performance.now()));
  }
  #restart = null;
  #restarted = -10000;

  /** Notices a connection that died without a word, as a tablet's does when its network goes. */
  async #watch() {
    const quiet = performance.now() - this.#heard;
    if (this.state === 'live') this.refresh();
    if (this.#events?.readyState !== EventSource.OPEN || quiet < silence) return;
    const answers = await fetch('healthz', { signal: AbortSignal.timeout(4000), cache: 'no-store' })
      .then(() => true, () => false);
    if (answers && this.state !== 'live') return;
    if (performance.now() - this.#heard < silence) return;
    if (!answers) this.#set('server-away');
    this.#heard = performance.now();
    this.#events.close();
    this.#listen();
  }

  #again(call) { setTimeout(call, Math.min(1000 * 2 ** this.#retries++, 15000)); }

  #set(state, reason = null) {
    if (this.state === state && this.reason === reason) return;
    this.state = state;
    this.reason = reason;
    this.#handlers.state();
  }

  #compare(time) {
    const ahead = Date.parse(time) - Date.now();
    // The largest has the least delay in it; it may sink slowly, because clocks are set.
    this.#ahead = this.#ahead === null ? ahead : Math.max(ahead, this.#ahead - 1);
  }
}

async function get(path) {
  const response = await fetch(`api/v1/${path}`, { signal: AbortSignal.timeout(15000), cache: 'no-store' });
  if (!response.ok) {
    const text = await response.text();
    throw Object.assign(new Error(message(text)), { status: response.status });
  }
  return response.json();
}

/** The message of an error's body, which is JSON from genred-outlet and anything from a proxy. */
function message(text) {
  try { return JSON.parse(text).error.message ?? null; } catch { return null; }
}

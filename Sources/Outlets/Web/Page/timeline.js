// SPDX-License-Identifier: GPL-3.0-or-later

// What one source was heard as in the last day, made of its changes.

export const day = 24 * 3600 * 1000;

/** Changes come with the label that ended. If a label begins within this time of the last change, it began then. */
const tolerance = 5000;

export class Timeline {
  /** Labels that have ended, oldest first: {start, end, label, confidence, title}; times in milliseconds. */
  spans = [];
  /** The label since the last change: {start, label, confidence, title}. */
  open = null;
  /** When the source was last heard. */
  heard = 0;
  #last = null;

  /** Adds a change; later ones only. */
  add(change) {
    const end = Date.parse(change.time);
    let start = end - change.lasted * 1000;
    const last = this.#last;
    const begins = last && last.to === change.from ? last : null;
    if (last && (Math.abs(last.end - start) < tolerance || start < last.end)) start = last.end;
    if (end > start) {
      this.spans.push({
        start, end, label: change.from, confidence: begins?.confidence ?? null, title: begins?.title ?? null,
      });
    }
    this.#last = { to: change.to, end, confidence: change.confidence, title: change.title };
    this.open = change.to === 'stopped' ? null
      : { start: end, label: change.to, confidence: change.confidence, title: change.title };
    this.heard = Math.max(this.heard, end);
  }

  /** An estimate shows that the present label goes on. */
  hear(estimate, time) {
    this.heard = Math.max(this.heard, time);
    if (!this.open) {
      const start = Math.max(Date.parse(estimate.since), this.#last?.end ?? 0);
      this.open = { start, label: estimate.label, confidence: estimate.confidence, title: estimate.title };
    }
    this.open.title ??= estimate.title;
  }

  /** Forgets what is older than a day. */
  forget(now) {
    const first = this.spans.findIndex((span) => span.end > now - day);
    if (first > 200 || (first < 0 && this.spans.length)) this.spans.splice(0, first < 0 ? this.spans.length : first);
  }

  get length() { return this.spans.length + (this.open ? 1 : 0); }

  /** The span of a number, in order of time. */
  at(index) {
    if (index < this.spans.length) return this.spans[index];
    return this.open && { ...this.open, end: Math.max(this.heard, this.open.start), isNow: true };
  }

  /** The number of the span that is under a time, or -1. */
  find(time) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).end <= time) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.at(low).start <= time ? low : -1;
  }

  /** The number of the first span that is within the last day. */
  first(now) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).end <= now - day) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds the milliseconds of each label of the last day. */
  sum(now, into) {
    for (let index = this.first(now); index < this.length; index++) {
      const span = this.at(index);
      const time = span.end - Math.max(span.start, now - day);
      if (time > 0) into.set(span.label, (into.get(span.label) ?? 0) + time);
    }
  }
}

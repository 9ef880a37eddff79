// SPDX-License-Identifier: GPL-3.0-or-later

// How times, numbers and names are written: in the reader's time zone and locale.

const minutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const seconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndMinutes = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const percents = new Intl.NumberFormat(undefined, { style: 'percent' });
const finePercents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(undefined);
const decibels = new Intl.NumberFormat(undefined, { minimumFractionDigits: 0, maximumFractionDigits: 0 });

export const number = (value) => whole.format(value);
export const percent = (part) => percents.format(part);
/** A share: one digit after the point where it is small. */
export const share = (part) => (part > 0 && part < 0.0995 ? finePercents : percents).format(part);
export const level = (value) => `${decibels.format(value).replace('-', '−')} dB`;
export const clock = (time) => minutes.format(time);
export const clockSeconds = (time) => seconds.format(time);
export const dateAndTime = (time) => full.format(time);

/** A time of the last days: with the weekday if it is not today's. */
export function recent(time, now) {
  return new Date(time).toDateString() === new Date(now).toDateString()
    ? minutes.format(time) : dayAndMinutes.format(time);
}

const two = (value) => String(value).padStart(2, '0');

/** A duration that ticks: 0:42, 12:34, 1:02:34, 3 d 4:05:06. */
export function ticking(milliseconds) {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const days = Math.floor(total / 86400);
  const hours = Math.floor(total / 3600) % 24;
  const rest = `${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
  if (days) return `${days} d ${hours}:${rest}`;
  return hours ? `${hours}:${rest}` : rest.replace(/^0(?=\d:)/, '');
}

/** A duration in at most two units: 28 s, 8 min 12 s, 2 h 5 min. */
export function duration(milliseconds) {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = Math.max(0, units.findIndex(([, size]) => total >= size));
  if (total < 1) return '0 s';
  const parts = units.slice(first, first + 2).map(([name, size], index) =>
    [Math.floor((index ? total % units[first][1] : total) / size), name]);
  return parts.filter(([value], index) => !index || value).map(([value, name]) => `${value} ${name}`).join(' ');
}

const texts = new WeakMap();

/** Sets an element's text if it has changed. Names and titles are untrusted: nothing here is ever read as HTML. */
export function write(element, text) {
  if (texts.get(element) === text) return;
  texts.set(element, text);
  element.textContent = text;
}

/** Makes an element with a class and a text. */
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

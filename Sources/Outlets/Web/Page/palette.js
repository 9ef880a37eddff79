// SPDX-License-Identifier: GPL-3.0-or-later

// The colour of each label: the same as in `genrectl watch` (Sources/Control/Text/Palette.swift).

const genres = {
  blues: '#5f87ff', classical: '#ffd7af', country: '#d7af5f', disco: '#d75fd7', hiphop: '#00d7d7', jazz: '#ffaf5f',
  metal: '#8787af', pop: '#ffafd7', reggae: '#87d75f', rock: '#d75f5f', 'no-music': '#5f8787',
  speech: '#5f8787', noise: '#878787',
};
// For the labels of other models, used in turn.
const others = [
  '#5fafff', '#afd787', '#ffaf87', '#d787d7', '#5fd7d7', '#ff875f', '#d7d787', '#af87d7', '#87afaf', '#afaf87',
];
// Labels that stay in the background, as areas and as text.
const quiet = {
  unsure: { dark: '#585858', light: '#b2b2b2' }, silence: { dark: '#303030', light: '#dadada' },
  starting: { dark: '#3a3a3a', light: '#c6c6c6' }, stopped: { dark: '#303030', light: '#dadada' },
};
const background = { dark: '#171a21', light: '#ffffff' };

const sheet = new CSSStyleSheet();
const classes = new Map();
const areas = new Map();
const darkScheme = matchMedia('(prefers-color-scheme: dark)');

/** Gives each label of the model its colour. */
export function useLabels(labels) {
  let next = 0;
  // Sorted, so that the colours do not depend on the order of the model's labels.
  for (const label of [...labels].sort()) {
    if (genres[label]) add(label, same(genres[label]));
    else add(label, same(others[next++ % others.length]));
  }
}

/** The class that gives an element the label's colours: `--area` for areas and `--text` for text. */
export function classOf(label) {
  if (!classes.has(label)) add(label, same('#808080'));
  return classes.get(label);
}

/** The colour of the label's areas in the present scheme, for a canvas. */
export function areaOf(label) {
  classOf(label);
  return areas.get(label)[darkScheme.matches ? 'dark' : 'light'];
}

/** Calls back when the colours of areas change. */
export function onSchemeChange(call) { darkScheme.addEventListener('change', call); }

function same(colour) { return { dark: colour, light: colour }; }

function add(label, area, text = area) {
  const name = classes.get(label) ?? `label-${classes.size}`;
  classes.set(label, name);
  areas.set(label, area);
  for (const scheme of ['dark', 'light']) {
    sheet.insertRule(`@media (prefers-color-scheme: ${scheme}) { .${name} {
      --area: ${area[scheme]};
      --edge: ${readable(area[scheme], rgb(background[scheme]), 3)};
      --text: ${readable(text[scheme], tinted(area[scheme], scheme), 4.6)};
    } }`, sheet.cssRules.length);
  }
}

/** Returns the colour, made lighter or darker until its contrast with what is behind it is enough. */
function readable(colour, behind, contrast) {
  const back = luminance(behind);
  const [hue, saturation, lightness] = hsl(rgb(colour));
  const isDark = back < 0.5;
  // A dark colour needs more saturation to look as colourful.
  const strength = isDark ? saturation : Math.min(1, saturation * 1.6);
  for (let at = lightness; at > 0 && at < 1; at += isDark ? 0.01 : -0.01) {
    const mixed = at === lightness ? rgb(colour) : fromHSL(hue, strength, at);
    const front = luminance(mixed);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio >= contrast) return `rgb(${mixed.map(Math.round).join(' ')})`;
  }
  return isDark ? '#fff' : '#000';
}

/** What the top of a card looks like with a label's glow (`--glow` in style.css). */
function tinted(colour, scheme) {
  const glow = scheme === 'dark' ? 0.11 : 0.16;
  const area = rgb(colour);
  return rgb(background[scheme]).map((value, index) => value + (area[index] - value) * glow);
}

function rgb(hex) { return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)); }

function hsl([red, green, blue]) {
  const most = Math.max(red, green, blue) / 255;
  const least = Math.min(red, green, blue) / 255;
  const range = most - least;
  const lightness = (most + least) / 2;
  if (range === 0) return [0, 0, lightness];
  const saturation = range / (1 - Math.abs(2 * lightness - 1));
  const [r, g, b] = [red / 255, green / 255, blue / 255];
  const sector = most === r ? ((g - b) / range + 6) % 6 : most === g ? (b - r) / range + 2 : (r - g) / range + 4;
  return [sector * 60, saturation, lightness];
}

function fromHSL(hue, saturation, lightness) {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const place = (offset + hue / 30) % 12;
    return 255 * (lightness - reach * Math.max(-1, Math.min(place - 3, 9 - place, 1)));
  });
}

/** WCAG's relative luminance. */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
for (const [label, area] of Object.entries(quiet)) add(label, area, { dark: '#a8a8a8', light: '#606060' });
add('no-signal', same('#870000'), { dark: '#ff6b6b', light: '#b00020' });

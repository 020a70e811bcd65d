import { type Option, type OptionGroup, type Schema, textOf } from './option.ts';
import { bracketed, earlierNames } from './schema.ts';

const BEGIN = '<!-- Generated from the schema by `npm run config:generate`: begin -->';
const END = '<!-- Generated from the schema: end -->';

/** The text of a sample file: each option commented out, with its meaning and its allowed values, after `header`. */
export function renderSampleConfig(schema: Schema, header: string): string {
  const groups = Object.entries(schema).map(([group, options]) => {
    const entries = Object.entries(options).map(([name, option]) => renderOption(group, name, option));
    return [`[${group}]`, ...entries].join('\n\n');
  });
  return `${[header, groups.join('\n\n\n')].join('\n')}\n`;
}

/** The default as the sample and the documentation show it. */
function defaultText(option: Option<unknown>): string {
  return option.sampleDefault ?? textOf(option, option.default);
}

function renderOption(group: string, name: string, option: Option<unknown>): string {
  const { type, allowed } = option;
  const facts = [`Type: ${type}${option.unit ? `, in ${option.unit}` : ''}.`, `Allowed: ${allowed}.`];
  const paragraphs = [option.doc, ...notes(group, option), facts.join(' ')];
  const comment = paragraphs.flatMap((text) => wrap(text, 98)).map((line) => `# ${line}`);
  return [...comment, `#${`${name} = ${defaultText(option)}`.trimEnd()}`].join('\n');
}

function notes(group: string, option: Option<unknown>): string[] {
  const earlier = earlierNames(group, option).map(bracketed);
  const lines = option.mutable ? ['Mutable: changed by SIGHUP.'] : [];
  return earlier.length === 0 ? lines : [...lines, `Deprecated names: ${earlier.join(', ')}.`];
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** Every option of a schema in Markdown: a table for each group. */
export function renderReference(schema: Schema): string {
  return Object.entries(schema)
    .map(([group, options]) => renderGroup(group, options))
    .join('\n\n');
}

/**
 * A Markdown page with the reference between its two marker lines, in place of what was there.
 *
 * @throws Error when the page has no such lines
 */
export function insertReference(page: string, reference: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END, begin);
  if (begin === -1 || end === -1) throw new Error(`the page has no lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${reference}\n\n${page.slice(end)}`;
}

function renderGroup(group: string, options: OptionGroup): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const cells = [code(name), typeText(option), code(defaultText(option)), option.allowed];
    return tableRow([
      ...cells,
      option.mutable ? 'by SIGHUP' : '',
      [option.doc, ...remarks(group, option)].join(' '),
    ]);
  });
  const head = ['option', 'type', 'default', 'allowed', 'mutable', 'meaning'];
  return [`### [${group}]`, '', tableRow(head), tableRow(head.map(() => '---')), ...rows].join('\n');
}

function remarks(group: string, option: Option<unknown>): string[] {
  const earlier = earlierNames(group, option).map((name) => code(bracketed(name)));
  const secret = option.sensitive ? ['Secret: shown masked.'] : [];
  return earlier.length === 0 ? secret : [...secret, `Deprecated names: ${earlier.join(', ')}.`];
}

function typeText({ type, unit }: Option<unknown>): string {
  return unit ? `${type}, in ${unit}` : type;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function tableRow(cells: readonly string[]): string {
  const texts = cells.map((cell) => (cell === '' ? ' ' : ` ${cell.replaceAll('|', '\\|')} `));
  return `|${texts.join('|')}|`;
}

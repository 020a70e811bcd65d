import type { Option, OptionGroup, Schema } from './option.ts';
import { type NovaSchema, novaSchema } from './options/index.ts';
import { defaultText } from './sample.ts';
import { bracketed, earlierNames } from './schema.ts';

const BEGIN = '<!-- Generated from the schema by `npm run config:generate`: begin -->';
const END = '<!-- Generated from the schema: end -->';

/** Every option of a schema in Markdown: a table for each group. */
export function renderReference(schema: Schema = novaSchema satisfies NovaSchema): string {
  return Object.entries(schema)
    .map(([group, options]) => renderGroup(group, options))
    .join('\n\n');
}

/**
 * A Markdown page with the reference between its two marker lines, in place of what was there.
 *
 * @throws Error when the page has no such lines
 */
export function insertReference(page: string, reference: string = renderReference()): string {
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
      [option.doc, ...notes(group, option)].join(' '),
    ]);
  });
  const head = ['option', 'type', 'default', 'allowed', 'mutable', 'meaning'];
  return [`### [${group}]`, '', tableRow(head), tableRow(head.map(() => '---')), ...rows].join('\n');
}

function notes(group: string, option: Option<unknown>): string[] {
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

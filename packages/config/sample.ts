import { type Option, type Schema, textOf } from './option.ts';
import { type NovaSchema, novaSchema } from './options/index.ts';
import { bracketed, earlierNames } from './schema.ts';

const HEADER = `# Every option of mini-nova with its default. Generated from the schema: npm run config:generate
# Stronger than this file: OS_<GROUP>__<OPTION> in the environment, then the command line.
`;

/** The text of etc/nova/nova.conf: each option commented out, with what it means and what it may be. */
export function renderSampleConfig(schema: Schema = novaSchema satisfies NovaSchema): string {
  const groups = Object.entries(schema).map(([group, options]) => {
    const entries = Object.entries(options).map(([name, option]) => renderOption(group, name, option));
    return [`[${group}]`, ...entries].join('\n\n');
  });
  return `${[HEADER, groups.join('\n\n\n')].join('\n')}\n`;
}

/** The default as the sample and the documentation show it. */
export function defaultText(option: Option<unknown>): string {
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

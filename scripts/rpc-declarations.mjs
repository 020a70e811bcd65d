// Reads of the declarations that tsc emits what is not there at run time: docstrings, and the types of arguments and results.

/** One step deeper, as tsc indents. */
const STEP = '    ';

/**
 * The RPC definitions that a .d.ts file declares, by their names: `{ doc, methods }`, and of each method, by its name,
 * `{ doc, args, result }`; `args` are `{ name, optional, type, doc }`.
 */
export function declaredApis(text) {
  const apis = {};
  for (const { indent, doc, name, type } of membersOf(text, 0, /^export declare const (\w+): /)) {
    if (!/^import\("[^"]*"\)\.RpcDefinition<\{/.test(type)) continue;
    apis[name] = { doc, methods: methodsOf(type, indent) };
  }
  return apis;
}

function methodsOf(type, depth) {
  const methods = membersOf(type, depth + 1, /^readonly (\w+): (?=import\("[^"]*"\)\.RpcMethod<)/);
  return Object.fromEntries(
    methods.map(({ name, doc, type }) => [name, { doc, ...typesOf(type, depth + 1) }]),
  );
}

function typesOf(type, depth) {
  const parts = membersOf(type, depth + 1, /^(\w+): /);
  const partOf = (wanted) => parts.find(({ name }) => name === wanted).type;
  const args = membersOf(partOf('args'), depth + 2, /^(\w+\??): /).map(({ name, doc, type }) => ({
    name: name.replace('?', ''),
    optional: name.endsWith('?'),
    doc,
    type: onOneLine(type),
  }));
  return { args, result: onOneLine(partOf('result')) };
}

/** What a text declares at this depth, by a pattern whose first group is the name: each up to its semicolon. */
function membersOf(text, depth, pattern) {
  const indent = STEP.repeat(depth);
  const members = [];
  let doc = [];
  let open;
  for (const line of text.split('\n')) {
    const own =
      line.startsWith(indent) && !line.startsWith(`${indent} `) ? line.slice(indent.length) : undefined;
    if (open !== undefined) open.type += `\n${line}`;
    else if (own === undefined) doc = line.startsWith(`${indent} *`) ? [...doc, line] : [];
    else if (own.startsWith('/**')) doc = [line];
    else {
      const [head, name] = pattern.exec(own) ?? [];
      if (head !== undefined) open = { name, doc: docText(doc), type: own.slice(head.length), indent: depth };
      doc = [];
    }
    if (open !== undefined && own?.endsWith(';')) {
      members.push({ ...open, type: open.type.slice(0, -1) });
      open = undefined;
    }
  }
  return members;
}

/** @param lines of a docstring */
function docText(lines) {
  return lines
    .map((line) =>
      line
        .trim()
        .replace(/^\/\*\*|\*\/$/g, '')
        .replace(/^\* ?/, '')
        .trim(),
    )
    .join(' ')
    .replace(/@throws.*/, '')
    .trim();
}

function onOneLine(type) {
  return type.replace(/\n\s*/g, ' ').replace(/; \}/g, ' }').replaceAll('"', "'");
}

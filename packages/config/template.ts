// A name is `option` or `group.option`; `$$` and `\$` are a plain dollar.
const TOKEN = /\\\$|\$(?:(\$)|([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)|\{([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)\})/gi;

/** The options a text refers to, as written: `state_path`, `DEFAULT.host`. */
export function findReferences(text: string): string[] {
  const names = [...text.matchAll(TOKEN)].map(([, , plain, braced]) => plain ?? braced);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Replaces references by values. A dollar that starts no reference stays. */
export function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(TOKEN, (_token, _dollar, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    return name === undefined ? '$' : (values.get(name) ?? '');
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

type Kind = 'command' | 'group' | 'dir';

/**
 * Nothing that is registered here outlives this process, however that ends: a small shell reads the list from a pipe,
 * and when the pipe closes it runs the commands, stops the process groups and removes the directories.
 */
const SCRIPT = `
IFS='
'
trap '' INT HUP TERM
list=
without() { for item in $list; do [ "$item" = "$1" ] || echo "$item"; done; }
of_kind() { for item in $list; do case "$item" in "$1 "*) echo "\${item#* }";; esac; done; }
alive() { for group in $(of_kind group); do kill -s 0 -- "-$group" 2>/dev/null && return 0; done; return 1; }
while IFS=' ' read -r verb item; do
  case "$verb" in
    keep) list="$list
$item" ;;
    forget) list=$(without "$item") ;;
  esac
done
for command in $(of_kind command); do sh -c "$command" >/dev/null 2>&1; done
for group in $(of_kind group); do kill -s TERM -- "-$group" 2>/dev/null; done
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do alive || break; sleep 0.3; done
for group in $(of_kind group); do kill -s KILL -- "-$group" 2>/dev/null; done
for dir in $(of_kind dir); do rm -rf -- "$dir"; done
`;

let shell: ChildProcess | undefined;

function reaperShell(): ChildProcess {
  if (shell === undefined) {
    shell = spawn('sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
    shell.unref();
    // The shell ends only with this process, so the failure of a late write concerns nobody.
    shell.stdin?.on('error', () => undefined);
    if (shell.stdin instanceof Socket) shell.stdin.unref();
  }
  return shell;
}

function tell(verb: 'keep' | 'forget', kind: Kind, value: string | number): void {
  reaperShell().stdin?.write(`${verb} ${kind} ${value}\n`);
}

/**
 * Ends the thing when this process ends. `group` is the id of a process group that this process created, `dir`
 * an absolute path, `command` a line for the shell that does the ending.
 */
export function endWithThisProcess(kind: Kind, value: string | number): void {
  tell('keep', kind, value);
}

/** It has already gone; its number may belong to another process by the time this one ends. */
export function forget(kind: Kind, value: string | number): void {
  tell('forget', kind, value);
}

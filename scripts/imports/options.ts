import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { UsageError } from '../lib/usage-error.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** What every command takes. */
const common = { api: text, json: flag, help: flag } as const;

/** By which credentials. */
const ofCredentials = {
  'credentials-file': text,
  credentials: text,
  'credential-id': text,
} as const;

/** What an import is described by, to start it or to be told what it would take. */
const ofImport = {
  customer: text,
  platform: text,
  ...ofCredentials,
  files: text,
  from: text,
  to: text,
  filter: { type: 'string', multiple: true },
  schedule: text,
} as const;

interface CommandShape {
  readonly options: ParseArgsOptionsConfig;
  /** Names of what comes without a dash; all of them are required. */
  readonly operands: readonly string[];
}

const commands = {
  create: { options: { ...ofImport, 'dry-run': flag, watch: flag }, operands: [] },
  preview: { options: ofImport, operands: [] },
  list: { options: { customer: text, status: text, platform: text }, operands: [] },
  watch: { options: {}, operands: ['import id'] },
  retry: {
    options: { ...ofCredentials, code: text, watch: flag },
    operands: ['import id'],
  },
  pause: { options: {}, operands: ['import id'] },
  resume: { options: {}, operands: ['import id'] },
  cancel: { options: {}, operands: ['import id'] },
  report: { options: {}, operands: ['import id'] },
  why: { options: { customer: text, 'started-at': text }, operands: ['reference'] },
  platforms: { options: {}, operands: [] },
  doctor: { options: { folder: text }, operands: [] },
} as const satisfies Record<string, CommandShape>;
export type CommandName = keyof typeof commands;

export const usage = `Usage: npm run imports -- <command> [options]

  create     starts an import      --customer <id> --platform <name>, and its credentials
  preview    what it would take    as create; starts nothing
  list       imports of a customer --customer <id> [--status <s>] [--platform <name>]
  watch      a live bar            <import id>
  retry      failed calls again    <import id> [credentials] [--code <code>] [--watch]
  pause, resume, cancel            <import id>
  report     what became of each   <import id>
  why        one call's story      <id, link, phone, e-mail, words of the title> --customer <id>
                                   [--started-at <time>]
  platforms  what can be imported from, and what each needs
  doctor     looks for what is wrong with this machine and its connection

Credentials come by file or standard input, as JSON or, where one key is all, as that key alone:
  --credentials-file <path>  or  --credentials -  or, stored before,  --credential-id <id>

Options of create and preview:
  --from <time>, --to <time>      calls from then on, and before then: 2026-01-31, or with a time
  --filter <name>=<value>         as 'platforms' lists them; may be repeated
  --schedule auto|now|nightly     (default auto: small imports at once)
  --files <folder>                the recordings to upload, for the platform manual
  --dry-run                       check and estimate only
  --watch                         draw a bar until it has ended

Options of every command:
  --api <url>    where the API is (default IMPORTS_API, else http://127.0.0.1:5001)
  --json         the API's own answer on standard output
  --help         this text

The token is IMPORTS_TOKEN or, for this machine's own API, what npm start wrote to .local/token.
Ends with 0 when done, 1 when something failed, 2 for a wrong command line, 3 for an import that is
partial. Ctrl-C leaves a watched import running and ends with 130.
`;

/** A command line, read. */
export interface CommandLine {
  readonly name: CommandName;
  readonly operands: readonly string[];
  /** Null: not given. */
  text(option: string): string | null;
  /** @throws UsageError when it is not given */
  required(option: string): string;
  list(option: string): readonly string[];
  isSet(option: string): boolean;
}

/** Reads the arguments; null when help was asked for. @throws UsageError */
export function readCommandLine(args: readonly string[]): CommandLine | null {
  refuseSecrets(args);
  const [given, ...rest] = args;
  if (given === undefined || given === 'help' || args.includes('--help')) return null;
  const name = findCommand(given);
  const shape: CommandShape = commands[name];
  const { values, positionals } = parse(rest, shape);
  requireOperands(name, shape, positionals);
  const read = (option: string): string | null => {
    const value = values[option];
    return typeof value === 'string' ? value : null;
  };
  return {
    name,
    operands: positionals,
    text: read,
    required: (option) => {
      const value = read(option);
      if (value) return value;
      throw new UsageError(`${name} needs --${option}.`);
    },
    list: (option) => {
      const value = values[option];
      return Array.isArray(value) ? value.map(String) : [];
    },
    isSet: (option) => values[option] === true,
  };
}

const secretOptions = /^--(api-?key|key|secret|token|password|access-?key|access-?token)(=|$)/i;

/** Before anything else reads them: what is refused here is not repeated in any message. */
function refuseSecrets(args: readonly string[]): void {
  const wrong = args.findIndex((argument, index) => {
    if (secretOptions.test(argument)) return true;
    if (argument.startsWith('--credentials=')) return argument !== '--credentials=-';
    const next = args[index + 1];
    return argument === '--credentials' && next !== undefined && next !== '-';
  });
  if (wrong === -1) return;
  const [option = ''] = (args[wrong] ?? '').split('=');
  throw new UsageError(
    `${option} takes no secret: a command line is kept in the shell's history and seen by every ` +
      'process of this machine. Give credentials by --credentials-file <path> or --credentials - ' +
      '(standard input), the token by IMPORTS_TOKEN. If the secret was a real one, replace it.',
  );
}

function findCommand(given: string): CommandName {
  // The keys of the object above, which has no others.
  const names = Object.keys(commands) as readonly CommandName[];
  const name = names.find((known) => known === given);
  if (name) return name;
  throw new UsageError(`There is no command "${given}": it is one of ${names.join(', ')}.`);
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function parse(args: readonly string[], { options }: CommandShape): Parsed {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...common, ...options },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function requireOperands(
  name: CommandName,
  { operands }: CommandShape,
  given: readonly string[],
): void {
  if (given.length === operands.length) return;
  const wanted = operands.length === 0 ? 'nothing' : `<${operands.join('> <')}>`;
  throw new UsageError(`${name} takes ${wanted}, not "${given.join(' ')}".`);
}

import { errorKinds, errorRules } from '../../src/core/errors.ts';
import {
  entryOf,
  errorEntries,
  toCustomerMessage,
} from '../../src/entrypoints/admin/error-table.ts';

/** The tables of docs/errors.md by the names of their markers: `npm run docs` writes them. */
export const errorTables = {
  kinds: [
    '| Kind | Meaning | Retry | In a task | Admin API | What support does |',
    '| --- | --- | --- | --- | --- | --- |',
    ...errorKinds.map((kind) => {
      const { engineers, support, retryable, status } = entryOf(kind);
      const retry = retryable ? 'yes' : 'no';
      const cells = [`\`${kind}\``, engineers, retry, `\`${errorRules[kind].inTask}\``, status];
      return toRow([...cells, support]);
    }),
  ],
  refusals: [
    '| Code | Status | Meaning | What support does |',
    '| --- | --- | --- | --- |',
    ...errorEntries
      .filter(({ code }) => !(code in errorRules))
      .map(({ code, status, engineers, support }) =>
        toRow([`\`${code}\``, status, engineers, support]),
      ),
  ],
  customers: [
    '| Code | What the customer is told |',
    '| --- | --- |',
    ...errorEntries.flatMap((entry) => {
      const message = toCustomerMessage(entry, null);
      return message === null ? [] : [toRow([`\`${entry.code}\``, message])];
    }),
  ],
} as const;

function toRow(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

import { ImportError } from '../core/errors.ts';

/**
 * Builds a path; every value becomes one encoded segment: path`/v2/recordings/${id}`.
 * @throws `contract` for a value that no encoding keeps a segment (`.`, `..`, empty)
 */
export function path(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return texts.reduce((result, text, index) => {
    const value = values[index - 1] ?? '';
    return result + encodeSegment(value) + text;
  });
}

/** URL parsers resolve `..` even as `%2e%2e`: an id like that would reach another endpoint. */
function encodeSegment(value: string): string {
  if (value === '' || value === '.' || value === '..') {
    throw new ImportError({
      kind: 'contract',
      source: 'http',
      publicMessage: 'The platform gave an id that cannot be part of a path.',
    });
  }
  return encodeURIComponent(value);
}

import type { z } from 'zod';

const maxIssues = 5;

/** What a schema found wrong, by path: `recordings[2].id: Invalid input: expected string`. */
export function describeIssues(error: z.ZodError, at = ''): string {
  const texts = error.issues
    .slice(0, maxIssues)
    .map((issue) => `${toPath(at, issue.path)}: ${issue.message}`);
  const more = error.issues.length - texts.length;
  return texts.join('; ') + (more > 0 ? `; and ${String(more)} more` : '');
}

function toPath(at: string, segments: readonly PropertyKey[]): string {
  const text = segments.reduce<string>((result, segment) => {
    if (typeof segment === 'number') return `${result}[${String(segment)}]`;
    return result === '' ? String(segment) : `${result}.${String(segment)}`;
  }, at);
  return text === '' ? '(whole)' : text;
}

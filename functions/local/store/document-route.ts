export type RouteParams = Readonly<Record<string, string>>;

/**
 * Compiles a document path with captures, as triggers have it: `importJobs/{jobId}`, `a/{rest=**}`.
 * The function returned gives the captures of a path, null where it does not match.
 */
export function compileDocumentRoute(route: string): (path: string) => RouteParams | null {
  const segments = route.split('/').filter((segment) => segment !== '');
  const pattern = new RegExp(`^${segments.map(toPattern).join('/')}$`);
  const names = segments.flatMap((segment) => /^\{(\w+)/.exec(segment)?.[1] ?? []);
  return (path) => {
    const match = pattern.exec(path);
    if (match === null) return null;
    return Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? '']));
  };
}

function toPattern(segment: string): string {
  if (segment.startsWith('{')) return segment.endsWith('=**}') ? '(.+)' : '([^/]+)';
  if (segment === '**') return '.+';
  return segment.replace(/[.*+?^${}()|[\]\\]/g, (character) =>
    character === '*' ? '[^/]*' : `\\${character}`,
  );
}

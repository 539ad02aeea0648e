/** The fields of a document in the API's own form. */
interface Fields {
  readonly [name: string]: { readonly mapValue?: { readonly fields?: Fields } };
}

interface DocumentResponse {
  readonly found?: { readonly fields?: Fields };
}

/** Leaves a found document only the fields that `paths` name, as a mask asks; the bridge gives all. */
export function maskDocument(response: DocumentResponse, paths: readonly string[]): object {
  const { found } = response;
  if (!found) return response;
  const masks = paths.map(toSegments);
  return { ...response, found: { ...found, fields: pick(found.fields ?? {}, masks) } };
}

function pick(fields: Fields, masks: readonly (readonly string[])[]): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const own = masks.filter(([first]) => first === name).map(([, ...rest]) => rest);
      if (own.some((rest) => rest.length === 0)) return [[name, value]];
      const inner = value.mapValue?.fields;
      if (own.length === 0 || !inner) return [];
      return [[name, { mapValue: { fields: pick(inner, own) } }]];
    }),
  );
}

/** `a.b` and `` `a.b`.c ``: a segment that is no simple name is quoted. */
function toSegments(path: string): readonly string[] {
  const segments = path.match(/`(?:\\.|[^`\\])*`|[^.]+/g) ?? [];
  return segments.map((segment) =>
    segment.startsWith('`') ? segment.slice(1, -1).replace(/\\(.)/g, '$1') : segment,
  );
}

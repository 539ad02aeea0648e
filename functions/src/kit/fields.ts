import { z } from 'zod';

interface FieldText {
  /** As the platform calls it. */
  readonly title: string;
  /** Where a customer finds it. */
  readonly description: string;
}

/** A field of credentials that must never be shown: trimmed, for keys are copied with a blank or two. */
export function secretField(text: FieldText): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .meta({ ...text, secret: true });
}

/** A field of credentials that is no secret: an address, a data centre, the name of an account. */
export function plainField(text: FieldText): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .meta({ ...text, secret: false });
}

/** A filter that is a text. */
export function textFilter(description: string): z.ZodOptional<z.ZodString> {
  return z.string().min(1).optional().meta({ description });
}

type Text = z.ZodOptional<z.ZodNullable<z.ZodString>>;

/** Fields of an answer that are texts where they are there at all: `...texts('title', 'url')`. */
export function texts<TName extends string>(
  ...names: readonly TName[]
): Readonly<Record<TName, Text>>;
export function texts(...names: readonly string[]): Readonly<Record<string, Text>> {
  return Object.fromEntries(names.map((name) => [name, z.string().nullish()]));
}

/** What a field of a schema says of itself, whether or not it may be left out. */
export function describeField(field: z.ZodType): z.core.GlobalMeta {
  const described = field instanceof z.ZodOptional ? field.unwrap() : field;
  return field.meta() ?? z.globalRegistry.get(described) ?? {};
}

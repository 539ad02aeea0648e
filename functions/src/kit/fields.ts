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

/** What a field of a schema says of itself, whether or not it may be left out. */
export function describeField(field: z.ZodType): z.core.GlobalMeta {
  const described = field instanceof z.ZodOptional ? field.unwrap() : field;
  return field.meta() ?? z.globalRegistry.get(described) ?? {};
}

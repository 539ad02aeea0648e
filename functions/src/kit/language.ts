/**
 * A platform's language code as BCP 47: `de` for `ger`, `en-US` for `en_us`; null for what is no code,
 * for unknown (`und`) and for no language at all (`zxx`).
 */
export function toLanguage(code: string | null | undefined): string | null {
  const text = (code ?? '').replaceAll('_', '-');
  if (!/^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i.test(text)) return null;
  const [language = 'und'] = Intl.getCanonicalLocales(text);
  return /^(?:und|zxx)\b/.test(language) ? null : language;
}

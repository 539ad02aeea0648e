/** One cue of a caption file; `speaker` is null where it does not say. */
export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly speaker: string | null;
  readonly text: string;
}

const time = String.raw`(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})`;
const timing = new RegExp(String.raw`^${time}[ \t]+-->[ \t]+${time}(?:[ \t].*)?$`);

/**
 * Reads WebVTT as far as transcripts use it; null for a text that is none. Who speaks is known by a
 * voice tag (`<v Ann Lee>`), or by a name before a colon where the whole file has one in every cue.
 * @see https://www.w3.org/TR/webvtt1/
 */
export function parseWebVtt(text: string): readonly Cue[] | null {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (!/^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? '')) return null;
  const cues = toBlocks(lines).flatMap(toCue);
  const isNamed =
    cues.length > 0 && cues.every((cue) => cue.speaker !== null || named.test(cue.text));
  return isNamed ? cues.map(withName) : cues;
}

const named = /^([^:]{1,60}): ([\s\S]*)$/;

function toBlocks(lines: readonly string[]): readonly (readonly string[])[] {
  const blocks: string[][] = [[]];
  for (const line of lines) {
    if (line === '') blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks;
}

/** An identifier may stand before the times; notes, styles and regions have none. */
function toCue(block: readonly string[]): readonly Cue[] {
  const at = block.findIndex((line) => timing.test(line));
  const parts = timing.exec(block[at] ?? '')?.slice(1);
  if (parts === undefined) return [];
  const payload = block.slice(at + 1).join('\n');
  const speaker = /<v(?:\.[^ \t>]+)*[ \t]+([^>]+)>/.exec(payload)?.[1]?.trim() ?? null;
  return [
    {
      startMs: toMs(parts.slice(0, 4)),
      endMs: toMs(parts.slice(4)),
      speaker: speaker === null ? null : unescape(speaker),
      text: unescape(payload.replaceAll(/<[^>]*>/g, '')).trim(),
    },
  ];
}

function toMs(parts: readonly (string | undefined)[]): number {
  const [hours = 0, minutes = 0, seconds = 0, ms = 0] = parts.map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

function withName(cue: Cue): Cue {
  const [, speaker, text] = named.exec(cue.text) ?? [];
  if (cue.speaker !== null || speaker === undefined || text === undefined) return cue;
  return { ...cue, speaker: speaker.trim(), text };
}

const references: Readonly<Record<string, string>> = {
  ...{ '&lt;': '<', '&gt;': '>', '&nbsp;': ' ', '&lrm;': '', '&rlm;': '', '&amp;': '&' },
};

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:lt|gt|nbsp|lrm|rlm|amp);/g,
    (reference) => references[reference] ?? '',
  );
}

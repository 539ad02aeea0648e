import { toDriftMessage } from './drift-message.ts';

describe('toDriftMessage', () => {
  it('says what changed, what becomes of it, and what to do', () => {
    const message = toDriftMessage(
      {
        platform: 'gong',
        place: '/v2/calls/extensive',
        changes: [{ path: 'calls[].<b>', wanted: 'datetime', got: 'missing' }],
        sample: '{ id: text(19) }',
      },
      'Gong',
    );
    expect(message.text).toBe('Gong has changed its API: what we rely on is not there.');
    const shown = JSON.stringify(message.blocks);
    expect(shown).toContain('In `/v2/calls/extensive`:');
    expect(shown).toContain('`calls[].&lt;b&gt;`: datetime expected, missing came');
    expect(shown).toContain('retry?code=contract');
    expect(shown).toContain('{ id: text(19) }');
  });
});

import { QueryError, checkFields, isSelected, parseQuery, select } from './sandbox-graphql.ts';

const types = {
  Query: { me: 'User', call: 'Call' },
  User: { id: null },
  Call: { id: null, owner: 'User', people: 'User' },
};

function run(text: string, variables: Record<string, unknown> = {}) {
  const fields = parseQuery(text, variables);
  checkFields(fields, types);
  return fields;
}

describe('a query', () => {
  it('is read with aliases, arguments and variables', () => {
    const text =
      'query Some($id: ID!, $tags: [String!], $limit: Int) { a: call(id: $id, tags: $tags, limit: $limit, deep: -1.5, text: "x\\"y", all: true) { id owner { id } } }';
    expect(run(text, { id: 'c1', tags: ['t'], unused: 1 })).toEqual([
      {
        alias: 'a',
        name: 'call',
        arguments: { id: 'c1', tags: ['t'], deep: -1.5, text: 'x"y', all: true },
        fields: [
          { alias: 'id', name: 'id', arguments: {}, fields: [] },
          {
            ...{ alias: 'owner', name: 'owner', arguments: {} },
            fields: [{ alias: 'id', name: 'id', arguments: {}, fields: [] }],
          },
        ],
      },
    ]);
  });

  it.each([
    ['{ me { id }', {}, 'Syntax Error: Unexpected <EOF>.'],
    ['{ me { id } } }', {}, 'Syntax Error: Unexpected }.'],
    ['{ me { ...All } }', {}, 'Syntax Error: Unexpected character: ".".'],
    ['{ 5 }', {}, 'Syntax Error: Unexpected 5.'],
    ['mutation { me { id } }', {}, 'Syntax Error: Unexpected mutation.'],
    ['{ you { id } }', {}, 'Cannot query field "you" on type "Query".'],
    ['{ me { name } }', {}, 'Cannot query field "name" on type "User".'],
    ['{ me }', {}, 'Field "me" of type "User" must have a selection.'],
    ['{ me { id { id } } }', {}, 'Field "id" must not have a selection.'],
    ['{ call(id: $id) { id } }', {}, 'Variable "$id" is not defined.'],
    ['{ call(id: ENUM) { id } }', {}, 'Syntax Error: Unexpected ENUM.'],
    ['query ($id: ID!) { me { id } }', {}, '"$id" got an invalid value; expected type "ID!".'],
    ['query ($n: Int) { me { id } }', { n: '5' }, 'expected type "Int".'],
    ['query ($at: DateTime) { me { id } }', { at: 'soon' }, 'expected type "DateTime".'],
    ['query ($t: [String!]) { me { id } }', { t: [5] }, 'expected type "[String!]".'],
  ])('is refused: %s', (text, variables, message) => {
    expect(() => run(text, variables)).toThrow(QueryError);
    expect(() => run(text, variables)).toThrow(message);
  });

  it('selects what it names, null for what is not there', () => {
    const call = { id: 'c1', people: [{ id: 'p1', name: 'Ann' }, null], owner: null };
    const fields = run('{ call { which: id owner { id } people { id } } }');
    expect(select({ call }, fields)).toEqual({
      call: { which: 'c1', owner: null, people: [{ id: 'p1' }, null] },
    });
    expect(select({}, fields)).toEqual({ call: null });
    expect(isSelected(fields, 'owner')).toBe(true);
    expect(isSelected(fields, 'me')).toBe(false);
  });
});

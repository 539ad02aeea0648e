/**
 * Jest runs tests in a realm of their own, in which an error of Node itself (an aborted signal, a
 * refused connection) is no `instanceof Error`: https://github.com/jestjs/jest/issues/2549
 * The code under test must see what it sees in production.
 */
const isInstanceByPrototype = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  value(candidate) {
    return this === Error ? Error.isError(candidate) : isInstanceByPrototype.call(this, candidate);
  },
});

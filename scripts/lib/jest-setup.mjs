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

/**
 * As many lines as under Node itself. Jest asks for 100 and looks each up in a source map, and the
 * Firestore SDK takes a stack with each request, in case that it fails.
 */
Error.stackTraceLimit = 10;

/** A binary heap: the least element first, in the order that `isBefore` gives. */
export interface Heap<Element> {
  readonly size: number;
  push(element: Element): void;
  peek(): Element | undefined;
  pop(): Element | undefined;
}

/** Creates an empty heap; `push` and `pop` take logarithmic time. */
export function createHeap<Element>(isBefore: (a: Element, b: Element) => boolean): Heap<Element> {
  const elements: Element[] = [];

  function swapIfBefore(child: number, parent: number): boolean {
    const [a, b] = [elements[child], elements[parent]];
    if (a === undefined || b === undefined || !isBefore(a, b)) return false;
    elements[parent] = a;
    elements[child] = b;
    return true;
  }

  function sink(): void {
    let parent = 0;
    for (;;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      const [a, b] = [elements[left], elements[right]];
      const child = a !== undefined && b !== undefined && isBefore(b, a) ? right : left;
      if (!swapIfBefore(child, parent)) return;
      parent = child;
    }
  }

  return {
    get size() {
      return elements.length;
    },
    peek: () => elements[0],
    push(element) {
      elements.push(element);
      let child = elements.length - 1;
      while (child > 0 && swapIfBefore(child, (child - 1) >> 1)) child = (child - 1) >> 1;
    },
    pop() {
      const first = elements[0];
      const last = elements.pop();
      if (elements.length > 0 && last !== undefined) {
        elements[0] = last;
        sink();
      }
      return first;
    },
  };
}

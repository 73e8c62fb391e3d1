#!/usr/bin/env node
'use strict';

const rate = 0.2;

/**
 * Adds tax.
 */
export function taxed(price) {
  const helper = (x) => {
    return x * rate;
  };
  function inner() {
    return helper(price);
  }
  return inner();
}

export const square = (x) => {
  return x * x;
};

// Lists things.
const api = {
  list: async () => {
    return 1;
  },
  users: {
    get(id) {
      return id;
    },
    'set-name': function () {
      return 2;
    },
  },
  size: 3,
};

class Cart extends Base {
  static #count = 0;

  items = [];

  add = (item) => {
    this.items.push(item);
  };

  // The sum.
  get total() {
    return this.items.reduce((sum, item) => {
      return sum + item;
    }, 0);
  }

  async *[Symbol.iterator]() {
    for (const item of this.items) {
      if (item) {
        yield item;
      } else if (rate) {
        yield rate;
      } else {
        return;
      }
    }
  }

  static {
    Cart.ready = true;
  }
}

Cart.prototype.pay = function pay() {
  return fetch('/pay', {
    method: 'POST',
  });
};

module.exports.run = () => 1;

(function () {
  function hidden() {
    return 1;
  }
  const bound = () => {
    return 2;
  };
})();

export default class extends Base {
  run() {}
}

const Named = class {
  go() {
    return 1;
  }
};

describe('cart', () => {
  it('adds', function named() {
    add();
  });
});

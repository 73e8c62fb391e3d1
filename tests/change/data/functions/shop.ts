import { Base } from './base';

export interface Priced {
  price: number;
  total(): number;
}

type Id = string | number;

enum Color {
  Red,
  Green,
}

export function parse(x: string): number;
export function parse(x: number): number;
export function parse(x: any): number {
  return Number(x);
}

@Injectable()
export class Cart<T extends Priced> extends Base {
  private items: T[] = [];

  constructor(private readonly http: Http) {
    super();
  }

  @Input()
  @Required()
  get first(): T {
    return this.items[0]!;
  }

  add = async (item: T): Promise<void> => {
    this.items.push(item);
  };

  find(id: string): T;
  find(id: any): T {
    return this.items.find((item) => item.id === id) as T;
  }
}

abstract class Shape {
  abstract area(): number;
}

namespace Tools {
  export const clamp = (x: number): number => {
    return Math.min(x, 1);
  };

  export function twice(x: number): number {
    return x * 2;
  }
}

export const handlers = {
  click: (event: Event) => {
    run(event);
  },
} as const;

export default (x: number) => {
  return x;
};

package shop;

import java.util.List;

/** A cart. */
@Entity
public class Cart<T> implements Priced {
    private final List<T> items;
    private int count = 0,
        other = 1;

    static {
        load();
    }

    /**
     * Makes one.
     */
    public Cart(List<T> items) {
        this.items = items;
    }

    @Override
    @Deprecated
    public int total() {
        return items.stream()
            .mapToInt(item -> {
                return item.price();
            })
            .sum();
    }

    public int total(int extra) {
        try {
            if (extra > 0) {
                return total() + extra;
            } else {
                count++;
            }
        } catch (RuntimeException e) {
            throw e;
        } finally {
            count--;
        }
        Runnable job = new Runnable() {
            @Override
            public void run() {
                count++;
            }
        };
        job.run();
        return switch (extra) {
            case 1 -> 1;
            default -> 2;
        };
    }

    static class Line {
        int price;
    }

    enum Color {
        RED,
        GREEN {
            @Override
            int shade() {
                return 1;
            }
        };

        int shade() {
            return 0;
        }
    }
}

interface Priced {
    int total();
}

record Point(int x, int y) {
    Point {
        check(x);
    }
}

@interface Marker {
    String value() default "";
}

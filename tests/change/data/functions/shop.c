#include <stdio.h>

#define MAX 10
#define SQUARE(x) \
    ((x) * (x))

struct item {
    int price;
    struct { int a; } inner;
};

typedef struct {
    int count;
} cart_t;

enum color { RED, GREEN };

static int total(struct item *items, int n);

/* Adds up. */
static int total(struct item *items, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        if (items[i].price > 0)
            sum += items[i].price;
        else
            sum--;
    }
    switch (n) {
    case 1:
        sum++;
        break;
    default:
        break;
    }
    do {
        sum--;
    } while (sum > 100);
    return sum;
}

char *
name(void)
{
    return "x";
}

int (*pick(int n))(int)
{
    return 0;
}

int values[] = {
    1,
    2,
};

#ifdef TEST
int main(int argc, char **argv) {
    printf("%d\n",
           total(0, 0));
    return 0;
}
#endif

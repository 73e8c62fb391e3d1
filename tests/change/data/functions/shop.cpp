#include <vector>

namespace shop {

// A cart.
template <typename T>
class Cart : public Base {
public:
    Cart() : count_(0) {}
    ~Cart();
    int total() const;
    int size() const
    {
        return count_;
    }
    bool operator==(const Cart& other) const {
        return count_ == other.count_;
    }
    operator bool() const { return true; }

private:
    int count_;
};

template <typename T>
int Cart<T>::total() const
{
    auto add = [](int a, int b) {
        return a + b;
    };
    try {
        add(1, 2);
    } catch (const std::exception& e) {
        return 0;
    }
    return count_;
}

template <typename T>
Cart<T>::~Cart()
{
}

namespace {
int hidden() { return 1; }
}

enum class Color {
    Red,
    Green,
};

struct Point {
    int x;
    int y;
};

}  // namespace shop

std::vector<int> shop::make(int n)
{
    return {n};
}

bool operator<(const shop::Point& a, const shop::Point& b)
{
    return a.x < b.x;
}

auto twice = [](int x) {
    return x * 2;
};

extern "C" {
void start(void)
{
}
}

// Goal: the header may be included by every translation unit of a program.
// Method: link two that include it, and hand its objects from one to the other.
#include "units.hpp"

int main() {
    World world("world.db");
    CHECK(balance_of(world.engine, world.wallet) == "10000.00 NGN");
    const auto made = make_engine("second.db");
    CHECK(made.verify()->is_sound);
}

// The other half of unit_a.cpp.
#include "units.hpp"

std::string balance_of(const fusepay::Engine &engine, const fusepay_wallet_id &wallet) {
    const auto found = engine.wallet().find(wallet);
    return fusepay::money_text(fusepay::money(found->balance_minor, found->currency));
}

fusepay::Engine make_engine(const char *path) {
    return fusepay::Engine(simulated(path, std::make_shared<SetClock>()));
}

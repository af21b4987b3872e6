// What unit_b.cpp offers unit_a.cpp.
#ifndef UNITS_HPP
#define UNITS_HPP

#include "check.hpp"

std::string balance_of(const fusepay::Engine &engine, const fusepay_wallet_id &wallet);
fusepay::Engine make_engine(const char *path);

#endif

// The sources of Asio and Beast, which every other file sees as declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>

// The sources of Asio's TLS, which every other file sees as declarations only.
#include <boost/asio/ssl/impl/src.hpp>

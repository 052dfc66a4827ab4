// The sources of Boost.URL, so that no compiled Boost library is needed.
#include <boost/url/src.hpp>

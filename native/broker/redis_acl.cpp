#include "broker/redis_acl.hpp"

#include "broker/history_names.hpp"

namespace regstream::broker {

std::string server_acl(const Workflow& workflow) {
  const HistoryNames names{workflow.channel};
  // The commands of the script need the caller's permission.
  return "~" + names.all_keys() + " &" + names.channel() + " &" + names.adopted_channel() +
         " +ping +subscribe +publish +eval +evalsha +script|load +select +time +exists "
         "+xinfo|stream +xrange +xadd +xdel +del +get +set +info +config|get +xread";
}

std::string sentinel_acl() {
  return "&* +ping +subscribe +role +sentinel|get-master-addr-by-name +sentinel|sentinels";
}

}  // namespace regstream::broker

#include "backend/sample_data.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace regstream::backend {
namespace {

constexpr std::int64_t minute_ms = 60'000;

/// A customer who asked for mobile banking, and when.
struct Applicant {
  std::int64_t registration_id;
  const char* name;
  const char* customer_number;
  const char* phone;
  const char* branch;
  const char* national_id;
  const char* email;  ///< Null if not given.
  std::int64_t submitted_minutes_ago;
};

// They are approved, unless `core_customers` or `known_customers` below says otherwise. No operator
// has numbers that begin with +251 900 000.
constexpr std::array applicants{
    Applicant{31, "Selamawit Girma", "1000412031", "+251 900 000 131", "Bole", "ID-204-1180-31",
              "selamawit.girma@example.com", 4410},
    Applicant{32, "Yared Mulugeta", "1000387732", "+251 900 000 132", "Piassa", "ID-198-7742-32",
              nullptr, 3050},
    Applicant{33, "Lidya Haile", "1000455033", "+251 900 000 133", "Hawassa Main", "ID-211-0093-33",
              "lidya.haile@example.com", 2955},
    Applicant{34, "Abebe Worku", "1000298834", "+251 900 000 134", "Mekelle", "ID-187-5526-34",
              "abebe.worku@example.com", 1720},
    Applicant{35, "Marta Solomon", "1000431935", "+251 900 000 135", "Kazanchis", "ID-206-3317-35",
              "marta.solomon@example.com", 1588},
    Applicant{36, "Dawit Bekele", "1000467236", "+251 900 000 136", "Adama", "ID-213-4408-36",
              nullptr, 1476},
    Applicant{37, "Rahel Desta", "1000301137", "+251 900 000 137", "Bole", "ID-189-9071-37",
              "rahel.desta@example.com", 1391},
    Applicant{38, "Samuel Kebede", "1000440538", "+251 900 000 138", "Dire Dawa", "ID-208-2265-38",
              "samuel.kebede@example.com", 1204},
    Applicant{39, "Tigist Alemu", "1000419039", "+251 900 000 139", "Gondar", "ID-205-6634-39",
              nullptr, 977},
    Applicant{40, "Nahom Tadesse", "1000316440", "+251 900 000 140", "Merkato", "ID-191-1852-40",
              "nahom.tadesse@example.com", 731},
    Applicant{41, "Bethlehem Assefa", "1000428341", "+251 900 000 141", "Bahir Dar",
              "ID-206-0719-41", "bethlehem.assefa@example.com", 544},
    Applicant{42, "Hana Tesfaye", "1000234567", "+251 900 000 142", "Bole", "ID-179-4420-42",
              "hana.tesfaye@example.com", 412},
    Applicant{43, "Ermias Fikru", "1000322843", "+251 900 000 143", "Jimma", "ID-192-8846-43",
              nullptr, 365},
    Applicant{44, "Meron Getachew", "1000471944", "+251 900 000 144", "Hawassa Main",
              "ID-214-5091-44", "meron.getachew@example.com", 287},
    Applicant{45, "Kaleb Yohannes", "1000405245", "+251 900 000 145", "Piassa", "ID-202-7338-45",
              "kaleb.yohannes@example.com", 214},
    Applicant{46, "Saron Wolde", "1000436846", "+251 900 000 146", "Kazanchis", "ID-207-6120-46",
              "saron.wolde@example.com", 158},
    Applicant{47, "Fitsum Berhane", "1000309547", "+251 900 000 147", "Merkato", "ID-190-3954-47",
              "fitsum.berhane@example.com", 96},
    Applicant{48, "Almaz Negash", "1000251748", "+251 900 000 148", "Adama", "ID-181-2287-48",
              nullptr, 52},
    Applicant{49, "Biniam Hailu", "1000448049", "+251 900 000 149", "Mekelle", "ID-209-9415-49",
              "biniam.hailu@example.com", 17},
};

const Applicant& applicant(std::int64_t registration_id) {
  return applicants.at(
      static_cast<std::size_t>(registration_id - applicants.front().registration_id));
}

Application application_of(const Applicant& applicant) {
  Application application{applicant.name,   applicant.customer_number, applicant.phone,
                          applicant.branch, applicant.national_id,     std::nullopt};
  if (applicant.email != nullptr) {
    application.email = applicant.email;
  }
  return application;
}

std::vector<SampleCustomer> make_core_customers() {
  const auto customer = [](std::int64_t registration_id, std::vector<Account> accounts,
                           CoreBankingFault fault = CoreBankingFault::none) {
    const Applicant& known = applicant(registration_id);
    return SampleCustomer{known.customer_number, known.name, std::move(accounts), fault};
  };
  return {
      customer(31, {{"1000412031011", "Savings", "ETB", "Active"},
                    {"1000412031029", "Current", "ETB", "Active"}}),
      customer(32, {{"1000387732016", "Savings", "ETB", "Active"}}),
      customer(33, {}),
      customer(34, {{"1000298834018", "Savings", "ETB", "Active"}}),
      customer(35, {{"1000431935012", "Savings", "ETB", "Active"},
                    {"1000431935020", "Fixed term", "ETB", "Active"}}),
      customer(36, {}),
      customer(37, {{"1000301137014", "Savings", "ETB", "Active"}}),
      customer(38, {{"1000440538013", "Savings", "ETB", "Active"}}),
      customer(39, {{"1000419039017", "Savings", "ETB", "Active"}}, CoreBankingFault::unavailable),
      customer(40, {{"1000316440015", "Current", "ETB", "Active"}}),
      customer(41, {{"1000428341010", "Savings", "ETB", "Active"},
                    {"1000428341028", "Current", "ETB", "Active"},
                    {"1000428341036", "Savings", "USD", "Active"}}),
      customer(42, {{"1000234567018", "Savings", "ETB", "Active"},
                    {"1000234567026", "Current", "ETB", "Active"},
                    {"1000234567034", "Savings", "USD", "Active"},
                    {"1000234567042", "Fixed term", "ETB", "Active"},
                    {"1000234567059", "Savings", "ETB", "Dormant"}}),
      customer(43, {{"1000322843019", "Savings", "ETB", "Active"}}),
      customer(44, {}),
      customer(45, {{"1000405245011", "Savings", "ETB", "Active"}}, CoreBankingFault::rejected),
      customer(46, {{"1000436846016", "Savings", "ETB", "Active"},
                    {"1000436846024", "Savings", "EUR", "Active"}}),
      customer(47, {{"1000309547012", "Savings", "ETB", "Active"}}),
      customer(48, {{"1000251748013", "Savings", "ETB", "Active"},
                    {"1000251748021", "Current", "ETB", "Active"},
                    {"1000251748039", "Savings", "ETB", "Closed"},
                    {"1000251748047", "Fixed term", "ETB", "Active"}}),
      customer(49, {{"1000448049015", "Current", "ETB", "Dormant"},
                    {"1000448049023", "Savings", "ETB", "Closed"}}),
  };
}

/// How an earlier registration ended.
struct Past {
  Status status;
  const char* message;
  std::string details;
  std::vector<LogEntry> process_log;  ///< Timestamps are relative to the start of the validation.
};

Registration make_past(Registration registration, Past past) {
  constexpr std::int64_t waited_minutes = 34;  // The time until an operator started it.
  const std::int64_t started_ms = registration.submitted_timestamp_ms + waited_minutes * minute_ms;
  for (LogEntry& entry : past.process_log) {
    entry.timestamp_ms += started_ms;
  }
  registration.status = past.status;
  registration.message = past.message;
  registration.details = std::move(past.details);
  registration.updated_timestamp_ms = past.process_log.back().timestamp_ms;
  registration.process_log = std::move(past.process_log);
  if (const SampleCustomer* customer =
          find_sample_customer(registration.application.customer_number);
      customer != nullptr && past.status != Status::duplicate) {
    registration.accounts = customer->accounts;
  }
  return registration;
}

constexpr auto started = StageStatus::started;
constexpr auto completed = StageStatus::completed;
constexpr auto failed = StageStatus::failed;
constexpr auto skipped = StageStatus::skipped;

Past user_created() {
  return {
      Status::completed,
      "User created successfully",
      R"({"mobileUserId":"MB-000031","elixirUserId":"ELX-000031"})",
      {{"duplicate_check", started, "Checking for duplicates", 0},
       {"duplicate_check", completed, "No duplicate found", 610},
       {"t24_lookup", started, "Looking the customer up in core banking", 1218},
       {"t24_lookup", completed, "Found 2 accounts", 1904},
       {"account_validation", started, "Validating 2 accounts", 2511},
       {"account_validation", completed, "2 of 2 accounts of Selamawit Girma can be used", 3119},
       {"status_update", started, "Updating the status", 3725},
       {"status_update", completed, "Status set to APPROVED", 4333}}};
}

Past duplicate() {
  return {Status::duplicate,
          "Customer already exists, nothing has changed",
          R"({"existingCustomerNumber":"1000387732"})",
          {{"duplicate_check", started, "Checking for duplicates", 0},
           {"duplicate_check", completed, "Customer already exists, nothing has changed", 607},
           {"t24_lookup", skipped, "Not needed for a known customer", 1214},
           {"account_validation", skipped, "Not needed for a known customer", 1820},
           {"status_update", started, "Updating the status", 2426},
           {"status_update", completed, "Status set to DUPLICATE", 3035}}};
}

Past no_accounts() {
  return {Status::failed,
          "No accounts were found",
          R"({"accountsFound":0})",
          {{"duplicate_check", started, "Checking for duplicates", 0},
           {"duplicate_check", completed, "No duplicate found", 611},
           {"t24_lookup", started, "Looking the customer up in core banking", 1219},
           {"t24_lookup", completed, "Found 0 accounts", 1847},
           {"account_validation", started, "Validating 0 accounts", 2453},
           {"account_validation", failed, "No accounts were found", 3061},
           {"status_update", started, "Updating the status", 3667},
           {"status_update", completed, "Status set to FAILED", 4276}}};
}

}  // namespace

const SampleCustomer* find_sample_customer(std::string_view customer_number) {
  static const std::vector<SampleCustomer> customers = make_core_customers();
  const auto position = std::find_if(
      customers.begin(), customers.end(),
      [&](const SampleCustomer& customer) { return customer.number == customer_number; });
  return position == customers.end() ? nullptr : &*position;
}

std::vector<Registration> sample_registrations(std::int64_t now_timestamp_ms) {
  std::vector<Registration> registrations;
  for (const Applicant& applicant : applicants) {
    Registration registration;
    registration.id = applicant.registration_id;
    registration.application = application_of(applicant);
    registration.submitted_timestamp_ms =
        now_timestamp_ms - applicant.submitted_minutes_ago * minute_ms;
    registration.updated_timestamp_ms = registration.submitted_timestamp_ms;
    if (registration.id == 31) {
      registration = make_past(std::move(registration), user_created());
      registration.mobile_user_id = "MB-000031";
      registration.elixir_user_id = "ELX-000031";
    } else if (registration.id == 32) {
      registration = make_past(std::move(registration), duplicate());
    } else if (registration.id == 33) {
      registration = make_past(std::move(registration), no_accounts());
    }
    registrations.push_back(std::move(registration));
  }
  return registrations;
}

std::vector<MobileCustomer> sample_mobile_customers() {
  std::vector<MobileCustomer> customers;
  const auto known = [&customers](std::int64_t registration_id) -> Application& {
    customers.push_back({application_of(applicant(registration_id)), std::nullopt});
    return customers.back().application;
  };
  known(31);
  customers.back().registration_id = 31;
  // Nothing differs: DUPLICATE.
  known(32);
  known(37);
  known(43);
  // The data that the customer had given before: COMPLETED, with the new data.
  Application& abebe = known(34);
  abebe.phone = "+251 900 000 034";
  abebe.branch = "Adama";
  known(40).email = "nahom.t@example.com";
  known(47).branch = "Mekelle";
  return customers;
}

}  // namespace regstream::backend

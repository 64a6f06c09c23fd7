// SPDX-License-Identifier: Apache-2.0
#include "core/http/address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace dovetail::http {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(IpAddress::parse("192.0.2.7")->to_string(), "192.0.2.7");
  EXPECT_TRUE(IpAddress::parse("192.0.2.7")->is_v4());
  EXPECT_EQ(IpAddress::parse("2001:DB8::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(*IpAddress::parse("::ffff:10.0.0.1"), *IpAddress::parse("10.0.0.1"));
  for (const std::string text :
       {"", "h", "1.2.3", "01.2.3.4", "0x7f.1", "2130706433", "1.2.3.4.5", "::1%eth0", "[::1]", "1.2.3.256"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, KnowsWhatIsNotThePublicInternet) { // HTTP-5
  for (const std::string text : {"0.0.0.0",
                                 "10.1.2.3",
                                 "100.64.0.1",
                                 "100.127.255.255",
                                 "127.0.0.1",
                                 "127.255.0.1",
                                 "169.254.169.254",
                                 "172.16.0.1",
                                 "172.31.255.255",
                                 "192.0.0.8",
                                 "192.168.1.1",
                                 "198.18.0.1",
                                 "198.19.255.255",
                                 "224.0.0.1",
                                 "255.255.255.255",
                                 "::",
                                 "::1",
                                 "fe80::1",
                                 "fc00::1",
                                 "fd00:ec2::254",
                                 "ff02::1",
                                 "::ffff:127.0.0.1",
                                 "::ffff:169.254.169.254",
                                 "64:ff9b::7f00:1",
                                 "2002:7f00:1::",
                                 "2001::1",
                                 "2001:db8::1",
                                 "::7f00:1",
                                 "100::1"}) {
    EXPECT_FALSE(IpAddress::parse(text)->is_public()) << text;
  }
}

TEST(IpAddress, KnowsWhatIs) { // HTTP-5
  for (const std::string text :
       {"1.1.1.1", "140.82.121.6", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0", "192.167.0.1", "223.255.255.255", "2606:50c0:8000::154", "2a00:1450::1", "64:ff9b::101:101"}) {
    EXPECT_TRUE(IpAddress::parse(text)->is_public()) << text;
  }
}

} // namespace
} // namespace dovetail::http

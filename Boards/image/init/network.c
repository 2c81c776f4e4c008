// Applies two lines of rf-cam.conf: `address = 192.168.1.20/24` and `gateway = 192.168.1.1`. Numeric only: no DHCP, no names.
#include "init.h"
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char port[] = "eth0";

static struct sockaddr_in *in(struct sockaddr *address) { return (struct sockaddr_in *)address; }

static bool set_address(int socket, const char *address, int prefix) {
  struct ifreq request = {0};
  strcpy(request.ifr_name, port);
  in(&request.ifr_addr)->sin_family = AF_INET;
  if (inet_pton(AF_INET, address, &in(&request.ifr_addr)->sin_addr) != 1 || prefix < 1 || prefix > 32) {
    errno = EINVAL;
    return false;
  }
  if (ioctl(socket, SIOCSIFADDR, &request)) return false;
  in(&request.ifr_netmask)->sin_addr.s_addr = htonl(~0u << (32 - prefix));
  if (ioctl(socket, SIOCSIFNETMASK, &request)) return false;
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

static bool set_gateway(int socket, const char *gateway) {
  struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
  route.rt_dst.sa_family = route.rt_genmask.sa_family = route.rt_gateway.sa_family = AF_INET;
  if (inet_pton(AF_INET, gateway, &in(&route.rt_gateway)->sin_addr) != 1) {
    errno = EINVAL;
    return false;
  }
  return ioctl(socket, SIOCADDRT, &route) == 0;
}

void network_start(void) {
  char address[64], gateway[64];
  if (!setting("address", address, sizeof address)) return;
  int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  char *slash = strchr(address, '/');
  int prefix = slash ? atoi(slash + 1) : 0;
  if (slash) *slash = '\0';
  if (!set_address(handle, address, prefix)) {
    report("address = %s/%d: %s: write address = 192.168.1.20/24, and look whether the board has a port %s", address, prefix,
           strerror(errno), port);
  } else if (setting("gateway", gateway, sizeof gateway) && !set_gateway(handle, gateway)) {
    report("gateway = %s: %s: write gateway = 192.168.1.1, an address of the same net", gateway, strerror(errno));
  } else {
    report("%s has %s/%d", port, address, prefix);
  }
  close(handle);
}

// SPDX-License-Identifier: GPL-3.0-or-later

#include <openssl/evp.h>
#include <openssl/hmac.h>

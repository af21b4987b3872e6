//! What the sandbox sells.

/// A service: what VTpass calls a `serviceID`.
pub(crate) struct Service {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) category: &'static str,
    pub(crate) minimum_minor: i64,
    pub(crate) maximum_minor: i64,
    pub(crate) sells_tokens: bool,
    pub(crate) variations: &'static [Variation],
}

/// One thing a service sells: a bundle, a bouquet, a kind of meter.
pub(crate) struct Variation {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// The fixed price in kobo; `None` lets the payer choose.
    pub(crate) price_minor: Option<i64>,
}

impl Service {
    pub(crate) fn find(id: &str) -> Option<&'static Service> {
        SERVICES.iter().find(|service| service.id == id)
    }

    pub(crate) fn variation(&self, code: &str) -> Option<&'static Variation> {
        self.variations.iter().find(|variation| variation.code == code)
    }
}

pub(crate) const SERVICES: &[Service] = &[
    Service {
        id: "ikeja-electric",
        name: "Ikeja Electric Payment",
        category: "electricity-bill",
        minimum_minor: 10_000,
        maximum_minor: 20_000_000,
        sells_tokens: true,
        variations: &[
            Variation { code: "prepaid", name: "Prepaid meter", price_minor: None },
            Variation { code: "postpaid", name: "Postpaid meter", price_minor: None },
        ],
    },
    Service {
        id: "mtn",
        name: "MTN Airtime VTU",
        category: "airtime",
        minimum_minor: 5_000,
        maximum_minor: 5_000_000,
        sells_tokens: false,
        variations: &[],
    },
    Service {
        id: "mtn-data",
        name: "MTN Data",
        category: "data",
        minimum_minor: 10_000,
        maximum_minor: 5_000_000,
        sells_tokens: false,
        variations: &[
            Variation { code: "mtn-10mb-100", name: "100MB - 24 hrs", price_minor: Some(10_000) },
            Variation { code: "mtn-1gb-1000", name: "1GB - 30 days", price_minor: Some(100_000) },
        ],
    },
    Service {
        id: "dstv",
        name: "DSTV Subscription",
        category: "tv-subscription",
        minimum_minor: 10_000,
        maximum_minor: 10_000_000,
        sells_tokens: false,
        variations: &[Variation { code: "dstv-padi", name: "DStv Padi", price_minor: Some(185_000) }],
    },
    Service {
        id: "ui-insure",
        name: "Third Party Motor Insurance",
        category: "insurance",
        minimum_minor: 10_000,
        maximum_minor: 10_000_000,
        sells_tokens: false,
        variations: &[Variation { code: "1", name: "Private", price_minor: Some(300_000) }],
    },
];
